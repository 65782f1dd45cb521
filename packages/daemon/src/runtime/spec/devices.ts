/** `--device`, `--device-cgroup-rule` and privileged: nodes to make and rules for the devices cgroup. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { DeviceMapping } from '@tsdocker/shared/types/container.ts';
import type { OciDevice } from '@tsdocker/shared/types/oci-spec.ts';

/** One line of the devices cgroup. major and minor undefined = every one; access of r, w, m. */
export interface DeviceRule {
  allow: boolean;
  type: 'a' | 'b' | 'c';
  major?: number;
  minor?: number;
  access: string;
}

export interface DevicePlan {
  devices: OciDevice[];
  /** In order; the last match counts. Starts with denying all, unless privileged. */
  rules: DeviceRule[];
}

export interface DeviceRequest {
  privileged: boolean;
  devices: readonly DeviceMapping[];
  cgroupRules: readonly string[];
}

/** The runtime makes these in every container, with the pty's own /dev/console and /dev/ptmx. */
const MADE_ALWAYS = new Set(
  ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx'].map((n) => `/dev/${n}`),
);
/** Below /dev, but file systems and sockets of the host rather than devices. */
const SKIPPED_ENTRIES = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);

const c = (major: number, minor?: number, access = 'rwm', allow = true): DeviceRule => ({
  allow,
  type: 'c',
  major,
  ...(minor === undefined ? {} : { minor }),
  access,
});

/** Docker's list and the runtime's: null zero full random urandom tty console ptmx pts, mknod of anything, no fuse. */
export const DEFAULT_RULES: readonly DeviceRule[] = [
  { allow: false, type: 'a', access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  c(1, 3),
  c(1, 5),
  c(1, 7),
  c(1, 8),
  c(1, 9),
  c(5, 0),
  c(5, 1),
  c(5, 2),
  c(136),
];

/** @throws System `error gathering device information while adding custom device "/dev/x": no such file or directory` */
export async function planDevices(request: DeviceRequest): Promise<DevicePlan> {
  if (request.privileged) {
    const all = await devicesBelow('/dev', '/dev');
    return {
      devices: all.filter((d) => !MADE_ALWAYS.has(d.path)),
      rules: [{ allow: true, type: 'a', access: 'rwm' }],
    };
  }
  const plan: DevicePlan = { devices: [], rules: [...DEFAULT_RULES] };
  for (const mapping of request.devices) {
    const access = checkAccess(mapping.CgroupPermissions || 'rwm');
    for (const device of await resolveMapping(mapping)) {
      if (!MADE_ALWAYS.has(device.path)) plan.devices.push(device);
      plan.rules.push({
        allow: true,
        type: device.type === 'b' ? 'b' : 'c',
        major: device.major,
        minor: device.minor,
        access,
      });
    }
  }
  plan.rules.push(...request.cgroupRules.map(parseCgroupRule));
  return plan;
}

/** `c 1:3 rwm`, `a *:* rwm`. @throws InvalidParameter */
export function parseCgroupRule(text: string): DeviceRule {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) throw new DockerError('InvalidParameter', `invalid device cgroup rule format: '${text}'`);
  const [, type, major, minor, access] = match as unknown as [string, 'a' | 'b' | 'c', string, string, string];
  return {
    allow: true,
    type,
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}

async function resolveMapping(mapping: DeviceMapping): Promise<OciDevice[]> {
  const onHost = mapping.PathOnHost ?? '';
  const inContainer = mapping.PathInContainer || onHost;
  try {
    const resolved = await realpath(onHost);
    const stats = await stat(resolved);
    if (stats.isDirectory()) {
      const below = await devicesBelow(resolved, inContainer);
      if (below.length > 0) return below;
    } else {
      const device = await deviceAt(resolved, inContainer);
      if (device) return [device];
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw gatheringFailed(onHost, code === 'ENOENT' ? 'no such file or directory' : (cause as Error).message, cause);
  }
  throw gatheringFailed(onHost, 'not a device node');
}

function gatheringFailed(path: string, why: string, cause?: unknown): DockerError {
  const what = 'error gathering device information while adding custom device';
  return new DockerError('System', `${what} ${JSON.stringify(path)}: ${why}`, { cause });
}

async function devicesBelow(directory: string, inContainer: string): Promise<OciDevice[]> {
  const found: OciDevice[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (SKIPPED_ENTRIES.has(entry.name)) continue;
    const path = join(directory, entry.name);
    const target = join(inContainer, entry.name);
    if (entry.isDirectory()) found.push(...(await devicesBelow(path, target)));
    else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
      const device = await deviceAt(path, target);
      if (device) found.push(device);
    }
  }
  return found;
}

async function deviceAt(path: string, target: string): Promise<OciDevice | undefined> {
  const stats = await stat(path).catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return undefined; // unplugged since it was listed
    throw err;
  });
  if (!stats?.isCharacterDevice() && !stats?.isBlockDevice()) return undefined;
  return {
    path: target,
    type: stats.isBlockDevice() ? 'b' : 'c',
    ...splitDeviceNumber(stats.rdev),
    fileMode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

/** glibc's dev_t: minor in bits 0-7 and 20-43, major in 8-19 and above. */
export function splitDeviceNumber(rdev: number): { major: number; minor: number } {
  const n = BigInt(rdev);
  const major = ((n >> 8n) & 0xfffn) | ((n >> 32n) & 0xfffff000n);
  const minor = (n & 0xffn) | ((n >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

function checkAccess(access: string): string {
  if (!/^[rwm]{1,3}$/.test(access) || new Set(access).size !== access.length) {
    throw new DockerError('InvalidParameter', `invalid device mode: ${access}`);
  }
  return access;
}
