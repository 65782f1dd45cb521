/** `--format` of info and version: one object, printed by a template or as one line of JSON. */

import { executeTemplate } from '@tsdocker/shared/template/execute.ts';
import { TEMPLATE_FUNCTIONS } from '@tsdocker/shared/template/functions.ts';
import { jsonText, Struct } from '@tsdocker/shared/template/values.ts';
import type { Cli } from '../../cli.ts';
import { parseFormat } from '../../format/format.ts';
import { StatusError } from '../../status-error.ts';

const EXIT_BAD_TEMPLATE = 64;

/** @throws StatusError for a template that does not parse (64) or run (1) */
export function formatObject(
  cli: Pick<Cli, 'stdout'>,
  format: string,
  value: object,
  { name = '', typeName }: { name?: string; typeName: string },
): string {
  if (format === 'json') return `${jsonText(value)}\n`;
  const template = parseFormat(format, 'template parsing error: ', EXIT_BAD_TEMPLATE, name);
  try {
    return `${executeTemplate(template, new Struct(typeName, value as Readonly<Record<string, unknown>>), { functions: TEMPLATE_FUNCTIONS })}\n`;
  } catch (err) {
    // docker ends the line it has begun before it says what is wrong.
    cli.stdout.write('\n');
    throw new StatusError(1, (err as Error).message);
  }
}
