/** Words of an instruction: split at blanks outside quotes; quotes removed and `$variables` expanded. */
import { DockerError } from '@tsdocker/shared/errors.ts';

/** Splits at blanks; quotes and backslashes stay in the words for `expand`. */
export function words(text: string): string[] {
  const out: string[] = [];
  let word = '';
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '\\' && quote !== "'" && i + 1 < text.length) {
      word += c + text[++i];
    } else if (quote) {
      if (c === quote) quote = '';
      word += c;
    } else if (/\s/.test(c)) {
      if (word) out.push(word);
      word = '';
    } else {
      if (c === '"' || c === "'") quote = c;
      word += c;
    }
  }
  if (quote) throw unterminated();
  if (word) out.push(word);
  return out;
}

function unterminated(): DockerError {
  return new DockerError('InvalidParameter', 'unexpected end of statement while looking for matching quote');
}

/** `$name`, `${name}`, `${name:-default}`, `${name:+other}`; nothing inside single quotes. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  let out = '';
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote === "'") {
      if (c === "'") quote = '';
      else out += c;
    } else if (c === '\\' && i + 1 < text.length) {
      const next = text[++i] as string;
      // Inside double quotes a backslash only takes the meaning from these.
      out += quote && !'"$\\'.includes(next) ? c + next : next;
    } else if (c === quote) quote = '';
    else if (!quote && (c === '"' || c === "'")) quote = c;
    else if (c === '$') {
      const variable = variableAt(text, i, env);
      out += variable.value;
      i += variable.length - 1;
    } else out += c;
  }
  if (quote) throw unterminated();
  return out;
}

function variableAt(
  text: string,
  at: number,
  env: Readonly<Record<string, string>>,
): { value: string; length: number } {
  const lookup = (name: string) => (Object.hasOwn(env, name) ? env[name] : undefined);
  const rest = text.slice(at);
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?-])/.exec(rest);
  if (plain) return { value: lookup(plain[1] as string) ?? '', length: plain[0].length };
  if (!rest.startsWith('${')) return { value: '$', length: 1 };
  const braced = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\}/.exec(rest);
  if (!braced)
    throw new DockerError(
      'InvalidParameter',
      `failed to process ${JSON.stringify(text)}: unsupported modifier in substitution`,
    );
  const value = lookup(braced[1] as string);
  const word = braced[3] ?? '';
  if (braced[2] === '-') return { value: value || expand(word, env), length: braced[0].length };
  if (braced[2] === '+') return { value: value ? expand(word, env) : '', length: braced[0].length };
  return { value: value ?? '', length: braced[0].length };
}

/** Go's durations (`30s`, `1m30s`, `1.5h`) in nanoseconds; undefined for anything else. */
export function durationNanos(text: string): number | undefined {
  const units: Record<string, number> = { h: 3600e9, m: 60e9, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g))
    sum += Number(number) * (units[unit as string] as number);
  return Math.round(sum);
}
