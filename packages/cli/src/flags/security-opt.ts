import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { goFileError } from './file-error.ts';
import { cut } from './go-number.ts';

/** --security-opt, parsed. */
export interface ParsedSecurityOptions {
  /** As the API takes them; a seccomp profile is its JSON. */
  options: string[];
  /** systempaths=unconfined: no path is masked or read-only. */
  unconfinedPaths: boolean;
}

/** Profiles that have a name; any other value is a file here, not at the daemon. */
const NAMED_SECCOMP = ['builtin', 'unconfined'];

/**
 * Checks the options and reads seccomp profiles; paths are relative to `cwd`.
 * @throws `Invalid --security-opt: "..."`, or that the profile cannot be read or is no JSON
 */
export function parseSecurityOptions(texts: readonly string[], cwd: string): ParsedSecurityOptions {
  const parsed: ParsedSecurityOptions = { options: [], unconfinedPaths: false };
  for (const text of texts) {
    const { key, value } = split(text);
    if (key === 'seccomp' && !NAMED_SECCOMP.includes(value)) {
      parsed.options.push(`seccomp=${readProfile(value, cwd)}`);
    } else if (text === 'systempaths=unconfined') parsed.unconfinedPaths = true;
    else parsed.options.push(text);
  }
  return parsed;
}

function split(text: string): { key: string; value: string } {
  const equals = cut(text, '=');
  if (!equals.found && equals.before === 'no-new-privileges') return { key: equals.before, value: '' };
  const { before: key, after: value, found } = equals.found ? equals : cut(text, ':');
  if ((!found || value === '') && key !== 'no-new-privileges') {
    throw new Error(`Invalid --security-opt: ${JSON.stringify(text)}`);
  }
  return { key, value };
}

function readProfile(path: string, cwd: string): string {
  let json: string;
  try {
    json = readFileSync(resolve(cwd, path), 'utf8');
  } catch (err) {
    throw new Error(`opening seccomp profile (${path}) failed: ${goFileError('open', path, err)}`);
  }
  try {
    JSON.parse(json);
  } catch (err) {
    const { message } = err as Error;
    const reason = /end of JSON|Unterminated string/.test(message) ? 'unexpected end of JSON input' : message;
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${reason}`);
  }
  return compactJson(json);
}

/** Drops the white space between tokens and leaves everything else (numbers, double keys, escapes) as written. */
function compactJson(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string: string | undefined) => string ?? '');
}
