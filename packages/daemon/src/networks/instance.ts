/**
 * What tells daemons on one host apart: everything in the kernel that belongs to one carries a mark made from its data
 * root, so a daemon knows its own after a crash and leaves others' alone.
 */
import { createHash } from 'node:crypto';

const ALIAS_PREFIX = 'tsdocker ';

export interface Instance {
  dataRoot: string;
  /** Eight hex digits. */
  suffix: string;
}

/** @param dataRoot absolute, symlinks resolved */
export function instanceOf(dataRoot: string): Instance {
  return { dataRoot, suffix: digest(dataRoot).slice(0, 8) };
}

function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** nft table, also the comment on rules in foreign chains. */
export const tableName = (instance: Instance): string => `tsdocker-${instance.suffix}`;

/** A bridge's hardware address: given at its creation, so ownership is never in doubt, not even for a moment. */
export function bridgeMac(instance: Instance, networkId: string): string {
  const bytes = digest(`${instance.dataRoot}\0${networkId}`).slice(0, 10).match(/../g) ?? [];
  return ['02', ...bytes].join(':');
}

/** Alias of a bridge: lets other daemons see whose it is. Undefined when the path is too long for an alias (255 bytes). */
export function bridgeAlias(instance: Instance): string | undefined {
  const alias = ALIAS_PREFIX + instance.dataRoot;
  return Buffer.byteLength(alias) < 250 ? alias : undefined;
}

/** Data root of the daemon a bridge's alias names. */
export function ownerOfAlias(alias: string): string | undefined {
  return alias.startsWith(ALIAS_PREFIX) ? alias.slice(ALIAS_PREFIX.length) : undefined;
}
