/**
 * Parser directives: `# key=value` comments at the very top of the file.
 * @see Dockerfile reference, "Parser directives"
 */
import { DockerfileError } from './errors.ts';

export interface CheckDirective {
  /** Rule names; `all` skips every rule. */
  skip: string[];
  /** A warning fails the build. */
  error: boolean;
  /** Experimental rules to switch on. */
  experimental: string[];
}

export interface Directives {
  /** `\` or `` ` ``. */
  escape: string;
  /** Front-end image somebody asked for; this builder is its own. */
  syntax?: string;
  check: CheckDirective;
}

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/** @throws DockerfileError for a key given twice and for another escape character */
export function parseDirectives(lines: readonly string[]): Directives {
  const out: Directives = { escape: '\\', check: { skip: [], error: false, experimental: [] } };
  const seen = new Set<string>();
  for (const [i, line] of lines.entries()) {
    const location = { startLine: i + 1, endLine: i + 1 };
    const match = DIRECTIVE.exec(line.trimStart());
    const key = match?.[1]?.toLowerCase();
    const value = match?.[2] as string;
    if (key !== 'escape' && key !== 'syntax' && key !== 'check') break;
    if (seen.has(key)) throw new DockerfileError(`only one ${key} parser directive can be used`, location);
    seen.add(key);
    if (key === 'syntax') out.syntax = value;
    else if (key === 'check') out.check = parseCheck(value);
    else if (value === '\\' || value === '`') out.escape = value;
    else throw new DockerfileError(`invalid escape token '${value}' does not match ${'`'} or \\`, location);
  }
  return out;
}

/** `skip=A,B;error=true`; unknown parts are somebody's future and change nothing. */
export function parseCheck(value: string): CheckDirective {
  const out: CheckDirective = { skip: [], error: false, experimental: [] };
  for (const part of value.split(';')) {
    const equals = part.indexOf('=');
    const key = part.slice(0, equals).trim().toLowerCase();
    const rest = part.slice(equals + 1).trim();
    const list = rest.split(',').map((s) => s.trim());
    if (key === 'skip') out.skip = list;
    else if (key === 'experimental') out.experimental = list;
    else if (key === 'error') out.error = ['true', '1', 't', 'TRUE', 'True', 'T'].includes(rest);
  }
  return out;
}
