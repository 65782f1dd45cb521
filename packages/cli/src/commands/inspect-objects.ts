/** What every `inspect` does: JSON of each object in one list, or a template for each; found ones are printed all the same. */

import type { Template } from '@tsdocker/shared/template/ast.ts';
import { executeTemplate } from '@tsdocker/shared/template/execute.ts';
import { TEMPLATE_FUNCTIONS } from '@tsdocker/shared/template/functions.ts';
import type { Cli } from '../cli.ts';
import { errorText } from '../client/errors.ts';
import { parseExactJson } from '../client/exact-json.ts';
import { parseFormat } from '../format/format.ts';
import { compactJson, indentJson } from '../format/indent-json.ts';
import { StatusError } from '../status-error.ts';

/** docker's code for a template of inspect that does not parse. */
const EXIT_BAD_TEMPLATE = 64;

/**
 * @param fetch raw JSON text of one object
 * @throws StatusError with one line for each target that failed
 */
export async function inspectObjects(
  cli: Cli,
  targets: readonly string[],
  format: string,
  fetch: (target: string) => Promise<string>,
): Promise<void> {
  const template =
    format === '' || format === 'json' ? undefined : parseFormat(format, 'template parsing error: ', EXIT_BAD_TEMPLATE);
  const found: string[] = [];
  const errors: string[] = [];
  for (const target of targets) {
    try {
      const json = await fetch(target);
      found.push(template ? inspectTemplate(template, json) : json);
    } catch (err) {
      errors.push(errorText(err));
    }
  }
  cli.stdout.write(assemble(found, format));
  if (errors.length > 0) throw new StatusError(1, errors.join('\n'));
}

function assemble(found: readonly string[], format: string): string {
  if (format === '') {
    return found.length === 0 ? '[]\n' : `[\n${found.map((json) => `    ${indentJson(json, 1)}`).join(',\n')}\n]\n`;
  }
  if (format === 'json') return `[${found.map(compactJson).join(',')}]\n`;
  return found.length === 0 ? '\n' : found.map((text) => `${text}\n`).join('');
}

/** First with what Go's types know (unset members, maps), then on the bare JSON, whose error is the one that is told. */
function inspectTemplate(template: Template, json: string): string {
  const value = parseExactJson(json);
  try {
    return executeTemplate(template, value, { functions: TEMPLATE_FUNCTIONS });
  } catch {
    try {
      return executeTemplate(template, value, { functions: TEMPLATE_FUNCTIONS, raw: true });
    } catch (err) {
      throw new StatusError(1, `template parsing error: ${(err as Error).message}`);
    }
  }
}
