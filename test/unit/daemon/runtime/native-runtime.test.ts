import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Cgroups } from '../../../../packages/daemon/src/runtime/cgroup/cgroups.ts';
import { NativeRuntime } from '../../../../packages/daemon/src/runtime/native-runtime.ts';
import type { StartRequest } from '../../../../packages/daemon/src/runtime/runtime.ts';
import type {
  ShimExec,
  ShimHandle,
  ShimLauncher,
  ShimStart,
  StepError,
} from '../../../../packages/daemon/src/runtime/shim/shim.types.ts';
import type { HostConfig } from '../../../../packages/shared/src/types/container.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsdocker-runtime-'));
  mkdirSync(join(dir, 'lower/etc'), { recursive: true });
  writeFileSync(join(dir, 'lower/etc/passwd'), 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/srv:/bin/sh\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function stepError(step: string, code: string, errno: number, path?: string): StepError {
  return Object.assign(new Error(step), { step, code, errno, ...(path ? { path } : {}) });
}

function fixture(failure?: Error) {
  const starts: ShimStart[] = [];
  const execs: ShimExec[] = [];
  const mounted: string[] = [];
  const exited = Promise.withResolvers<never>();
  const shim = {
    pid: process.pid,
    startedAt: 1n,
    exited: exited.promise,
    gone: exited.promise,
    adoptedExecs: [],
    exec: async (exec: ShimExec) => {
      execs.push(exec);
      throw stepError('execve', 'ENOENT', 2);
    },
  } as unknown as ShimHandle;
  const launcher: ShimLauncher = {
    start: async (start, opts) => {
      starts.push(start);
      if (failure) throw failure;
      opts?.onCreated?.(shim);
      return shim;
    },
    reattach: async () => ({ kind: 'running', shim, paused: true }),
    forget: async () => {},
  };
  const runtime = new NativeRuntime({
    execRoot: dir,
    launcher,
    calls: {
      isOpaqueDirectory: () => false,
      mountTmpfs: (target, data) => void mounted.push(`${target.slice(dir.length)} ${data}`),
      detachMount: (target) => {
        if (!existsSync(target)) throw Object.assign(new Error('no mount'), { code: 'ENOENT' });
      },
    },
    cgroups: new Cgroups({
      version: 2,
      hierarchies: [{ name: '', mountPoint: '/nonexistent/cgroup', controllers: ['memory', 'pids'] }],
    }),
  });
  return { runtime, starts, execs, mounted };
}

function request(hostConfig: Partial<HostConfig> = {}, more: Partial<StartRequest> = {}): StartRequest {
  return {
    id: 'c1',
    config: { User: 'www', OpenStdin: true },
    hostConfig: hostConfig as HostConfig,
    args: ['sh'],
    env: [],
    hostname: 'c1',
    rootfs: { lowers: [join(dir, 'lower')], upper: join(dir, 'upper'), work: join(dir, 'work'), volatile: false },
    mounts: [],
    network: { kind: 'new' },
    ...more,
  };
}

test('a start reaches the shim compiled: user, seccomp, cgroups, stdin', async () => {
  const { runtime, starts } = fixture();
  let created = 0;
  const container = await runtime.start(request({ Memory: 1e8 }), { onCreated: () => created++ });
  const [start] = starts;
  assert.deepEqual(start!.spec.process.user, { uid: 33, gid: 33, additionalGids: [33] });
  assert.deepEqual(start!.spec.process.env, ['HOME=/srv']);
  assert.ok(start!.seccomp!.program.length > 800);
  assert.deepEqual(start!.cgroup.join, ['/nonexistent/cgroup/tsdocker/c1']);
  assert.ok(start!.cgroup.writes.some((w) => w.path.endsWith('memory.max') && w.value === '100000000'));
  assert.deepEqual([start!.stdin, start!.stdinOnce, start!.runtimeDirectory], [true, false, join(dir, 'shims/c1')]);
  assert.deepEqual([created, container.pid], [1, process.pid]);
});

test('failures carry Docker words and exit codes', async () => {
  const rows: [string[], Error, RegExp, number][] = [
    [['nosuch'], stepError('execve', 'ENOENT', 2), /exec: "nosuch": executable file not found in \$PATH/, 127],
    [['/nosuch'], stepError('execve', 'ENOENT', 2), /exec: "\/nosuch": stat \/nosuch: no such file or directory/, 127],
    [['/etc'], stepError('execve', 'EACCES', 13), /exec: "\/etc": permission denied/, 126],
    [
      ['sh'],
      stepError('mount', 'ENOTDIR', 20, '/x'),
      /mount "\/x": not a directory: Are you trying to mount a directory/,
      127,
    ],
    [['sh'], stepError('mount', 'EPERM', 1, '/x'), /mount "\/x": operation not permitted/, 128],
  ];
  for (const [args, failure, message, exitCode] of rows) {
    await assert.rejects(
      fixture(failure).runtime.start(request({}, { args })),
      (err: Error & { exitCode?: number }) => {
        assert.match(
          err.message,
          /^failed to create task for container: failed to create shim task: OCI runtime create failed: /,
        );
        assert.match(err.message, message);
        assert.equal(err.exitCode, exitCode);
        return true;
      },
    );
  }
});

test('an unknown user fails before anything is made', async () => {
  const { runtime, starts } = fixture();
  await assert.rejects(runtime.start(request({}, { config: { User: 'nobody' } })), {
    message: 'unable to find user nobody: no matching entries in passwd file',
  });
  assert.equal(starts.length, 0);
});

test('containers that share ipc share one /dev/shm', async () => {
  const { runtime, starts, mounted } = fixture();
  await runtime.start(request({ IpcMode: 'shareable', ShmSize: 1024 }));
  assert.deepEqual(mounted, ['/shm/c1 mode=1777,size=1024']);
  await runtime.start(request({ IpcMode: 'container:c1' }, { id: 'c2', joins: { ipc: process.pid } }));
  const sources = starts.map((s) => s.spec.mounts.find((m) => m.destination === '/dev/shm')!.source);
  assert.deepEqual(sources, [join(dir, 'shm/c1'), join(dir, 'shm/c1')]);
  await runtime.forget('c1');
  assert.ok(!existsSync(join(dir, 'shm/c1')));
});

test('an exec is compiled against the running root; reattach gives the same container', async () => {
  const { runtime, execs } = fixture();
  const found = await runtime.reattach('c1');
  assert.ok(found.kind === 'running' && found.paused);
  const exec = { Cmd: ['nosuch'], AttachStdin: true, User: '4242' };
  const failed = found.container.exec({
    id: 'e1',
    exec,
    config: {},
    hostConfig: {} as HostConfig,
    env: [],
    attach: true,
  });
  await assert.rejects(failed, { message: /^OCI runtime exec failed: .*executable file not found in \$PATH/ });
  assert.deepEqual([execs[0]!.process.user.uid, execs[0]!.session, execs[0]!.stdin], [4242, 'e1', true]);
});
