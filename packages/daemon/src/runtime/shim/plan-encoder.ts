/** Compiles a start or an exec into the flat plan that a shim carries out, operation by operation. Pure. */
import { posix } from 'node:path';
import type { OciDevice, OciMount, OciNamespace } from '@tsdocker/shared/types/oci-spec.ts';
import { hostId } from '../id-map.ts';
import type { UserNamespace } from '../runtime.ts';
import { type CgroupLayout, expandCgroupMount } from './cgroup-mounts.ts';
import { ATTR, parseMountOptions } from './mount-options.ts';
import { type Plan, PlanWriter } from './plan-format.ts';
import { addProcess, addStdio } from './process-plan.ts';
import type { ShimExec, ShimStart } from './shim.types.ts';

/** CLONE_NEW* of clone(2). */
const NAMESPACE_FLAG = {
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const;

const FILE_TYPE = { p: 0o010000, c: 0o020000, b: 0o060000 } as const;
const LOG_LOCAL = 1;
const LOG_NON_BLOCKING = 2;
const BIND_RECURSIVE = 1;
const BIND_ATTRIBUTES_RECURSIVE = 2;
const BIND_PROPAGATION_RECURSIVE = 4;
const BIND_MAPPED = 8;
/** An owner outside the map is nobody's inside, and nobody is who that becomes. */
const OVERFLOW_ID = 65534;
const MS_PRIVATE = 1 << 18;

/** Character devices every container has, whatever its spec lists. @see OCI runtime-spec config-linux.md, default devices */
const DEFAULT_DEVICES: OciDevice[] = (
  [
    ['null', 1, 3],
    ['zero', 1, 5],
    ['full', 1, 7],
    ['random', 1, 8],
    ['urandom', 1, 9],
    ['tty', 5, 0],
  ] as const
).map(([name, major, minor]) => ({ path: `/dev/${name}`, type: 'c', major, minor, fileMode: 0o666, uid: 0, gid: 0 }));

/** Links every container finds in /dev. */
const DEVICE_LINKS = [
  ['/proc/self/fd', '/dev/fd'],
  ['/proc/self/fd/0', '/dev/stdin'],
  ['/proc/self/fd/1', '/dev/stdout'],
  ['/proc/self/fd/2', '/dev/stderr'],
  ['/proc/kcore', '/dev/core'],
  ['pts/ptmx', '/dev/ptmx'],
] as const;

export interface EncodeContext {
  cgroupLayout: CgroupLayout;
  /** Descriptor number of the network namespace in the shim, when `network.kind` is fd. */
  networkFd?: number;
  /** The same of the user namespace, when there is one. */
  usernsFd?: number;
  /** Descriptor number of the first held socket in the shim. */
  heldFd?: number;
  /** Use mount(2) for the root file system even where the kernel has the better way. */
  classicOverlay?: boolean;
}

/** @throws TypeError for what no plan can say: unknown names, null bytes */
export function encodeStart(start: ShimStart, context: EncodeContext): Plan {
  const writer = new PlanWriter();
  const { spec } = start;
  writer.add(
    'runtimeDirectory',
    { s1: start.runtimeDirectory, n1: context.heldFd ?? 0, n2: context.heldFd ? start.heldSockets.length : 0 },
    { step: 'runtime directory', path: start.runtimeDirectory },
  );
  addCgroups(writer, start);
  if (start.log)
    writer.add(
      'log',
      {
        flags:
          (start.log.format === 'local' ? LOG_LOCAL : 0) |
          (start.log.maxBufferBytes === undefined ? 0 : LOG_NON_BLOCKING),
        s1: start.log.path,
        s2: start.log.attributes ?? '',
        s3: Math.min(start.log.maxBufferBytes ?? 0, 0xffffffff),
        n1: Math.max(0, start.log.maxSizeBytes),
        n2: start.log.maxFiles,
      },
      { step: 'log', path: start.log.path },
    );
  addStdio(writer, spec.process, start.stdin, start.stdinOnce);
  addNote(writer, start.note);
  addUserNamespace(writer, start, context);
  addRootfs(writer, start, context);
  addNamespaces(writer, start, context);
  addFileSystem(writer, start, context);
  addIdentity(writer, start);
  addProcess(writer, spec.process, start.seccomp);
  return writer.finish();
}

export function encodeExec(exec: ShimExec): Plan {
  const writer = new PlanWriter();
  addStdio(writer, exec.process, exec.stdin, false);
  addNote(writer, exec.note);
  addProcess(writer, exec.process, exec.seccomp);
  return writer.finish();
}

function addNote(writer: PlanWriter, note: string | undefined): void {
  if (note === undefined) return;
  const bytes = Buffer.from(note);
  writer.add('note', { s1: bytes, n1: bytes.length }, { step: 'note' });
}

function addCgroups(writer: PlanWriter, { cgroup }: ShimStart): void {
  const step = (path: string) => ({ step: 'cgroup', path });
  for (const { path, own } of cgroup.directories) {
    if (path.includes('\n')) throw new TypeError(`invalid cgroup path ${JSON.stringify(path)}`);
    writer.add('cgroupDirectory', { s1: path, flags: own ? 1 : 0 }, step(path));
  }
  for (const { path, value, optional } of cgroup.writes)
    writer.add('cgroupWrite', { s1: path, s2: value, flags: optional ? 1 : 0 }, step(path));
  for (const path of cgroup.join) writer.add('cgroupJoin', { s1: path, n1: cgroup.version }, step(path));
  const directory = cgroup.join[0];
  if (cgroup.deviceProgram && directory)
    writer.add(
      'cgroupDevices',
      { s1: cgroup.deviceProgram, n1: cgroup.deviceProgram.length, s2: directory },
      step(directory),
    );
  if (cgroup.memoryDirectory)
    writer.add('cgroupMemory', { s1: cgroup.memoryDirectory, n1: cgroup.version }, step(cgroup.memoryDirectory));
  if (cgroup.freezerDirectory)
    writer.add('cgroupFreezer', { s1: cgroup.freezerDirectory, n1: cgroup.version }, step(cgroup.freezerDirectory));
}

function addRootfs(writer: PlanWriter, { rootfs }: ShimStart, context: EncodeContext): void {
  if (rootfs.lowers.length === 0) throw new TypeError('a root file system needs at least one lower directory');
  const s1 = writer.list(rootfs.lowers);
  const flags = (rootfs.volatile ? 1 : 0) | (context.classicOverlay ? 2 : 0);
  writer.add(
    'overlay',
    { s1, n1: rootfs.lowers.length, s2: rootfs.upper, s3: rootfs.work, flags },
    { step: 'rootfs', path: rootfs.upper },
  );
}

/** First: what is mounted for the container is mounted with its owners. */
function addUserNamespace(writer: PlanWriter, { userNamespace }: ShimStart, context: EncodeContext): void {
  if (!userNamespace) return;
  if (context.usernsFd === undefined) throw new TypeError('no descriptor for the user namespace');
  const { uid, gid } = userNamespace.root;
  writer.add(
    'joinNamespace',
    { n1: NAMESPACE_FLAG.user, n2: context.usernsFd + 1, s2: uid, s3: gid },
    { step: 'namespace user' },
  );
}

function addNamespaces(writer: PlanWriter, start: ShimStart, context: EncodeContext): void {
  let made = 0;
  const join = (kind: OciNamespace['type'], path: string) =>
    writer.add('joinNamespace', { s1: path, n1: NAMESPACE_FLAG[kind] }, { step: `namespace ${kind}`, path });
  for (const namespace of start.spec.linux.namespaces) {
    // The root decides about mounts, start.network about the network, start.userNamespace about users.
    if (['mount', 'network', 'user'].includes(namespace.type)) continue;
    if (namespace.path) join(namespace.type, namespace.path);
    else made |= NAMESPACE_FLAG[namespace.type];
  }
  const { network } = start;
  if (network.kind === 'new') made |= NAMESPACE_FLAG.network;
  if (network.kind === 'path') join('network', network.path);
  if (network.kind === 'fd') {
    if (context.networkFd === undefined) throw new TypeError('no descriptor for the network namespace');
    writer.add(
      'joinNamespace',
      { n1: NAMESPACE_FLAG.network, n2: context.networkFd + 1 },
      { step: 'namespace network' },
    );
  }
  writer.add('namespaces', { n1: made }, { step: 'namespaces' });
}

/** Whether a namespace of this kind is the container's own, not the host's or another container's. */
function isOwn(start: ShimStart, type: OciNamespace['type']): boolean {
  return start.spec.linux.namespaces.some((namespace) => namespace.type === type && !namespace.path);
}

function addFileSystem(writer: PlanWriter, start: ShimStart, context: EncodeContext): void {
  const { spec, cgroup } = start;
  const readOnlyAtEnd: string[] = [];
  const destinations = spec.mounts.map((mount) => posix.normalize(mount.destination));
  for (const mount of spec.mounts) {
    if (mount.type !== 'cgroup') {
      addMount(writer, ownedByMapped(mount, start.userNamespace), destinations, readOnlyAtEnd);
      continue;
    }
    const expanded = expandCgroupMount(
      mount,
      cgroup.version,
      context.cgroupLayout,
      cgroup.join,
      isOwn(start, 'cgroup'),
    );
    for (const part of expanded.mounts) addMount(writer, part, destinations, readOnlyAtEnd);
    for (const { target, path } of expanded.symlinks) addSymlink(writer, target, path);
    if (expanded.remountReadOnly) addReadOnly(writer, expanded.remountReadOnly);
  }
  addDevices(writer, start);
  if (start.userNamespace) writer.add('dropFirstTree', {}, { step: 'rootfs' });
  for (const [key, value] of Object.entries(spec.linux.sysctl)) {
    const path = `/proc/sys/${key.replaceAll('.', '/')}`;
    if (posix.normalize(path) !== path) throw new TypeError(`invalid sysctl ${key}`);
    writer.add('sysctl', { s1: path, s2: value }, { step: 'sysctl', path: key });
  }
  for (const path of spec.linux.readonlyPaths)
    writer.add('readOnlyPath', { s1: path }, { step: 'readonly path', path });
  for (const path of spec.linux.maskedPaths) writer.add('mask', { s1: path }, { step: 'masked path', path });
  const cwd = spec.process.cwd || '/';
  // Before the root becomes read-only.
  writer.add('makeDirectory', { s1: cwd }, { step: 'mkdir cwd', path: cwd });
  for (const path of readOnlyAtEnd) addReadOnly(writer, path);
  if (spec.root.readonly) addReadOnly(writer, '/');
}

function addReadOnly(writer: PlanWriter, path: string): void {
  writer.add('remountReadOnly', { s1: path }, { step: 'remount read-only', path });
}

function addSymlink(writer: PlanWriter, target: string, path: string): void {
  writer.add('symlink', { s1: target, s2: path }, { step: 'symlink', path });
}

function addMount(writer: PlanWriter, mount: OciMount, destinations: string[], readOnlyAtEnd: string[]): void {
  const destination = posix.normalize(`/${mount.destination}`).replace(/(.)\/$/, '$1');
  if (destination === '/') throw new TypeError(`invalid mount destination ${mount.destination}`);
  const options = parseMountOptions(mount.options);
  const step = { step: 'mount', path: destination };
  if (mount.type === 'bind' || mount.options.includes('bind') || mount.options.includes('rbind')) {
    const flags =
      (options.mapped ? BIND_MAPPED : 0) |
      (options.recursive ? BIND_RECURSIVE : 0) |
      (options.recursiveAttributes ? BIND_ATTRIBUTES_RECURSIVE : 0) |
      (options.propagationRecursive || options.propagation === 0 ? BIND_PROPAGATION_RECURSIVE : 0);
    const n1 = BigInt(options.set) | (BigInt(options.clear) << 32n);
    writer.add('bind', { s1: mount.source, s3: destination, flags, n1, n2: options.propagation || MS_PRIVATE }, step);
    return;
  }
  // Devices, links and the places of other mounts are still to be made in there.
  const filled = destination === '/dev' || destinations.some((other) => other.startsWith(`${destination}/`));
  if (filled && (options.set & ATTR.readOnly) !== 0) {
    options.set &= ~ATTR.readOnly;
    readOnlyAtEnd.push(destination);
  }
  const offset = writer.list(options.data);
  const n2 = (BigInt(offset) << 32n) | BigInt(options.data.length);
  writer.add('mount', { s1: mount.type, s2: mount.source, s3: destination, n1: options.set, n2 }, step);
}

/** Terminals are mounted from outside, where ids are the host's. */
function ownedByMapped(mount: OciMount, userNamespace: UserNamespace | undefined): OciMount {
  if (mount.type !== 'devpts' || !userNamespace) return mount;
  const { map } = userNamespace;
  const options = mount.options.map((option) =>
    option.startsWith('gid=') ? `gid=${hostId(map.gids, Number(option.slice(4))) ?? userNamespace.root.gid}` : option,
  );
  return { ...mount, options };
}

function addDevices(writer: PlanWriter, { spec, userNamespace }: ShimStart): void {
  const owner = (ids: 'uids' | 'gids', id: number) =>
    userNamespace ? (hostId(userNamespace.map[ids], id) ?? OVERFLOW_ID) : id;
  // A /dev of the host has its own.
  const hostDevices = spec.mounts.some(
    (mount) => posix.normalize(mount.destination) === '/dev' && mount.type === 'bind',
  );
  if (!hostDevices) {
    const named = new Set(spec.linux.devices.map(({ path }) => path));
    const missing = DEFAULT_DEVICES.filter(({ path }) => !named.has(path));
    for (const device of [...missing, ...spec.linux.devices]) {
      const n1 = FILE_TYPE[device.type] | (device.fileMode & 0o7777);
      const n2 = (BigInt(device.major) << 32n) | BigInt(device.minor);
      writer.add(
        'device',
        { s1: device.path, s2: owner('uids', device.uid), s3: owner('gids', device.gid), n1, n2 },
        { step: 'device', path: device.path },
      );
    }
    for (const [target, path] of DEVICE_LINKS) addSymlink(writer, target, path);
  }
  if (spec.process.terminal) writer.add('console', {}, { step: 'console', path: '/dev/console' });
}

function addIdentity(writer: PlanWriter, start: ShimStart): void {
  const { spec, network } = start;
  if (isOwn(start, 'uts')) {
    if (spec.hostname) writer.add('hostname', { s1: spec.hostname }, { step: 'hostname', path: spec.hostname });
    if (spec.domainname)
      writer.add('domainname', { s1: spec.domainname }, { step: 'domainname', path: spec.domainname });
  }
  if (network.kind === 'new') writer.add('loopbackUp', {}, { step: 'loopback' });
}
