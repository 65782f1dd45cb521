import { parseInt64 } from './go-number.ts';

/** A resource limit; -1 is unlimited. */
export interface Ulimit {
  Name: string;
  Soft: number;
  Hard: number;
}

const NAMES = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/**
 * `name=soft[:hard]`; -1 is unlimited, hard defaults to soft. Which limits make sense is the daemon's to say.
 * @throws Docker's words for a bad form, an unknown name or a soft limit above the hard one
 */
export function parseUlimit(text: string): Ulimit {
  const at = text.indexOf('=');
  if (at < 0) throw new Error(`invalid ulimit argument: ${text}`);
  const [name, limits] = [text.slice(0, at), text.slice(at + 1)];
  if (!NAMES.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const parts = limits.split(':');
  if (parts.length > 2) {
    throw new Error(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``);
  }
  const hard = parts[1] === undefined ? undefined : parseInt64(parts[1]);
  const soft = parseInt64(parts[0]!);
  if (hard !== undefined) checkOrder(soft, hard);
  return { Name: name, Soft: soft, Hard: hard ?? soft };
}

function checkOrder(soft: number, hard: number): void {
  const rule = 'ulimit soft limit must be less than or equal to hard limit';
  if (hard === -1) return;
  if (soft === -1) throw new Error(`${rule}: soft: -1 (unlimited), hard: ${hard}`);
  if (soft > hard) throw new Error(`${rule}: ${soft} > ${hard}`);
}
