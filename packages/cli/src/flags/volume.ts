import { resolve } from 'node:path';

/** One -v value: a bind (HostConfig.Binds entry, named volumes included) or an anonymous volume's path. */
export type ParsedVolume = { bind: string } | { anonymous: string };

/**
 * `[source:]target[:options]`. A source that begins with a dot is relative to `cwd`; everything else is the daemon's to judge.
 * @throws `invalid empty volume spec`, `invalid spec: ...: empty section between colons | too many colons`
 */
export function parseVolume(text: string, cwd: string): ParsedVolume {
  if (text === '') throw new Error('invalid empty volume spec');
  // Docker's rule for what is too short to have two parts.
  if (text.length <= 2) return { anonymous: text };
  const parts = sections(text);
  if (parts.includes('')) throw new Error(`invalid spec: ${text}: empty section between colons`);
  if (parts.length > 3) throw new Error(`invalid spec: ${text}: too many colons`);
  const [source] = parts;
  if (parts.length === 1 || source === undefined) return { anonymous: text };
  if (!source.startsWith('.')) return { bind: text };
  const host = text.slice(0, text.indexOf(':'));
  return { bind: `${resolve(cwd, host)}${text.slice(host.length)}` };
}

/** Splits at colons, except one behind a single letter: a Windows drive, on every platform. */
function sections(text: string): string[] {
  const out: string[] = [];
  let current = '';
  for (const char of text) {
    if (char !== ':' || /^\p{L}$/u.test(current)) current += char;
    else {
      out.push(current);
      current = '';
    }
  }
  return [...out, current];
}
