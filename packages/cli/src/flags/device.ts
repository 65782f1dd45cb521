import { posix } from 'node:path';
import type { DeviceMapping } from '@tsdocker/shared/types/container.ts';

/** `r`, `w` and `m`, each at most once, at least one. */
function isDeviceMode(mode: string): boolean {
  return /^[rwm]+$/.test(mode) && new Set(mode).size === mode.length;
}

/** A device by its Container Device Interface name, `vendor.com/class=name`. */
export function isCdiDevice(text: string): boolean {
  const name = '[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?';
  return new RegExp(`^[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?/[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?=${name}$`).test(text);
}

/**
 * `host[:container][:mode]`; the container's path defaults to the host's, the mode to rwm.
 * @throws `bad format for path: ...`, `bad mode specified: ...`, `... is not an absolute path`
 */
export function parseDevice(text: string): DeviceMapping {
  const [source = '', second, third, ...rest] = text.split(':');
  if (rest.length > 0 || source === '') throw new Error(`bad format for path: ${text}`);
  const secondIsMode = third === undefined && second !== undefined && isDeviceMode(second);
  const mode = third ?? (secondIsMode ? second : 'rwm');
  if (third !== undefined && !isDeviceMode(third)) throw new Error(`bad mode specified: ${third}`);
  const target = second === undefined || secondIsMode ? source : second;
  if (!target.startsWith('/')) throw new Error(`${target} is not an absolute path`);
  const clean = third === undefined ? posix.normalize(target).replace(/(.)\/$/, '$1') : target;
  const host = second === undefined || secondIsMode ? clean : source;
  return { PathOnHost: host, PathInContainer: clean, CgroupPermissions: mode };
}

/** A rule of the device cgroup, `c 1:3 rwm`: checked and passed on as it is. */
export function checkDeviceCgroupRule(text: string): string {
  if (!/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(text)) {
    throw new Error(`invalid device cgroup format '${text}'`);
  }
  return text;
}
