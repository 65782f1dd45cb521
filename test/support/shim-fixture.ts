/** Containers for the shim's tests: a root, a plain OCI spec and version 1 or 2 cgroups, all removed at the end. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native, nativeDirectory } from '../../packages/daemon/src/runtime/native/bindings.ts';
import type { ProcessStreams } from '../../packages/daemon/src/runtime/runtime.ts';
import { createShimLauncher, type NativeShimLauncher } from '../../packages/daemon/src/runtime/shim/launcher.ts';
import type { CgroupPlan, ShimStart } from '../../packages/daemon/src/runtime/shim/shim.types.ts';
import type { OciProcess, OciSpec } from '../../packages/shared/src/types/oci-spec.ts';
import { makeRootfs } from './rootfs.ts';

export const DEFAULT_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
].map((name) => `CAP_${name}`);

/** Why these tests cannot run here, or false. */
export function missing(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync(join(nativeDirectory(), 'tsd-shim'))) return 'needs the native build';
  return false;
}

export interface ShimFixture {
  directory: string;
  launcher: NativeShimLauncher;
  /** A start of `args` in a container of its own. */
  start(args: string[], change?: (start: ShimStart) => void): Promise<ShimStart>;
  remove(): Promise<void>;
}

export async function makeFixture(opts: { classicOverlay?: boolean } = {}): Promise<ShimFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'tsd-shim-'));
  const lower = join(directory, 'rootfs');
  await makeRootfs(lower);
  const launcher = await createShimLauncher({ native, executable: join(nativeDirectory(), 'tsd-shim'), ...opts });
  let count = 0;
  return {
    directory,
    launcher,
    async start(args, change) {
      const id = `tsdtest${process.pid}x${count++}`;
      const own = join(directory, id);
      for (const name of ['upper', 'work']) await mkdir(join(own, name), { recursive: true });
      const start: ShimStart = {
        id,
        runtimeDirectory: join(own, 'run'),
        spec: makeSpec(args),
        cgroup: makeCgroupPlan(id),
        rootfs: { lowers: [lower], upper: join(own, 'upper'), work: join(own, 'work'), volatile: false },
        network: { kind: 'new' },
        log: { path: join(own, 'json.log'), maxSizeBytes: -1, maxFiles: 1 },
        stdin: false,
        stdinOnce: false,
        heldSockets: [],
      };
      change?.(start);
      return start;
    },
    async remove() {
      launcher.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function makeProcess(args: string[]): OciProcess {
  const set = DEFAULT_CAPABILITIES;
  return {
    terminal: false,
    user: { uid: 0, gid: 0, additionalGids: [] },
    args,
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'],
    cwd: '/',
    capabilities: { bounding: set, effective: set, permitted: set, inheritable: [], ambient: [] },
    rlimits: [],
    noNewPrivileges: false,
    oomScoreAdj: 0,
  };
}

function makeSpec(args: string[]): OciSpec {
  const device = (path: string, minor: number, major = 1) =>
    ({ path, type: 'c', major, minor, fileMode: 0o666, uid: 0, gid: 0 }) as const;
  return {
    process: makeProcess(args),
    root: { readonly: false },
    hostname: 'testhost',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
      },
    ],
    linux: {
      namespaces: [
        { type: 'pid' },
        { type: 'network' },
        { type: 'mount' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'cgroup' },
      ],
      devices: [
        device('/dev/null', 3),
        device('/dev/zero', 5),
        device('/dev/full', 7),
        device('/dev/random', 8),
        device('/dev/urandom', 9),
        device('/dev/tty', 0, 5),
      ],
      sysctl: {},
      maskedPaths: [
        '/proc/kcore',
        '/proc/keys',
        '/proc/timer_list',
        '/sys/firmware',
        '/proc/scsi',
        '/proc/nothing-here',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

export const usesCgroup2 = (): boolean => existsSync('/sys/fs/cgroup/cgroup.controllers');

/** Groups of the controllers the tests look at; `memoryBytes` limits memory and swap. */
export function makeCgroupPlan(id: string, memoryBytes?: number): CgroupPlan {
  return usesCgroup2() ? version2(id, memoryBytes) : version1(id, memoryBytes);
}

function version1(id: string, memoryBytes?: number): CgroupPlan {
  const controllers = ['memory', 'pids', 'freezer', 'devices', 'cpu'].filter((name) =>
    existsSync(`/sys/fs/cgroup/${name}`),
  );
  const of = (name: string) => `/sys/fs/cgroup/${name}/tsdocker-test/${id}`;
  const limits = memoryBytes ? ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'] : [];
  return {
    version: 1,
    directories: controllers.flatMap((name) => [
      { path: `/sys/fs/cgroup/${name}/tsdocker-test`, own: false },
      { path: of(name), own: true },
    ]),
    writes: limits.map((file) => ({ path: `${of('memory')}/${file}`, value: String(memoryBytes), optional: false })),
    join: controllers.map((name) => `${of(name)}/tasks`),
    memoryDirectory: of('memory'),
    freezerDirectory: of('freezer'),
  };
}

function version2(id: string, memoryBytes?: number): CgroupPlan {
  const parent = '/sys/fs/cgroup/tsdocker-test';
  const own = `${parent}/${id}`;
  const value = String(memoryBytes);
  return {
    version: 2,
    directories: [
      { path: parent, own: false },
      { path: own, own: true },
    ],
    writes: [
      { path: '/sys/fs/cgroup/cgroup.subtree_control', value: '+memory +pids', optional: true },
      { path: `${parent}/cgroup.subtree_control`, value: '+memory +pids', optional: true },
      ...(memoryBytes
        ? [
            { path: `${own}/memory.max`, value, optional: false },
            { path: `${own}/memory.swap.max`, value: '0', optional: true },
          ]
        : []),
    ],
    join: [own],
    memoryDirectory: own,
    freezerDirectory: own,
  };
}

/** All that comes, by stream, as text. */
export async function collect(streams: ProcessStreams): Promise<{ stdout: string; stderr: string }> {
  const parts: Buffer[][] = [[], []];
  for await (const { stream, data } of streams.output) parts[stream - 1]?.push(Buffer.from(data));
  const [stdout = '', stderr = ''] = parts.map((part) => Buffer.concat(part).toString());
  return { stdout, stderr };
}

/** Messages of a json-file log. */
export function readLog(path: string): { log: string; stream: string; time: string }[] {
  const text = readFileSync(path, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { log: string; stream: string; time: string });
}
