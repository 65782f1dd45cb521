/** The compiler and the shim together: what a program inside sees of the options it was started with. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { native, nativeDirectory } from '../../../../packages/daemon/src/runtime/native/bindings.ts';
import { NativeRuntime } from '../../../../packages/daemon/src/runtime/native-runtime.ts';
import type { ProcessStreams, StartRequest } from '../../../../packages/daemon/src/runtime/runtime.ts';
import { createShimLauncher, type NativeShimLauncher } from '../../../../packages/daemon/src/runtime/shim/launcher.ts';
import type { ContainerConfig, HostConfig } from '../../../../packages/shared/src/types/container.ts';
import { makeRootfs } from '../../../support/rootfs.ts';
import { collect, missing, usesCgroup2 } from '../../../support/shim-fixture.ts';

describe('native runtime', { skip: missing() }, () => {
  let dir = '';
  let launcher: NativeShimLauncher;
  let runtime: NativeRuntime;
  let count = 0;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tsdocker-native-'));
    await makeRootfs(join(dir, 'rootfs'));
    await mkdir(join(dir, 'rootfs/etc'), { recursive: true });
    await writeFile(join(dir, 'rootfs/etc/passwd'), 'root:x:0:0::/root:/bin/sh\nwww:x:33:34::/srv:/bin/sh\n');
    await writeFile(join(dir, 'rootfs/etc/group'), 'root:x:0:\nwww:x:34:\nadm:x:4:www\n');
    launcher = await createShimLauncher({ native, executable: join(nativeDirectory(), 'tsd-shim') });
    const initPath = join(nativeDirectory(), 'tsd-init');
    runtime = new NativeRuntime({ execRoot: join(dir, 'exec'), launcher, calls: native, initPath });
  });
  after(async () => {
    launcher.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function request(args: string[], hostConfig: Partial<HostConfig>, config: ContainerConfig = {}) {
    const id = `tsdnative${process.pid}x${count++}`;
    const own = join(dir, id);
    for (const name of ['upper', 'work']) await mkdir(join(own, name), { recursive: true });
    const rootfs = {
      lowers: [join(dir, 'rootfs')],
      upper: join(own, 'upper'),
      work: join(own, 'work'),
      volatile: false,
    };
    const start: StartRequest = {
      id,
      config,
      hostConfig: hostConfig as HostConfig,
      args,
      env: ['PATH=/bin:/usr/bin:/sbin:/usr/sbin'],
      hostname: 'inside',
      rootfs,
      mounts: [],
      network: { kind: 'new' },
    };
    return start;
  }

  async function run(script: string, hostConfig: Partial<HostConfig> = {}, config: ContainerConfig = {}) {
    let streams: ProcessStreams | undefined;
    const start = await request(['sh', '-c', script], hostConfig, config);
    const container = await runtime.start(start, {
      onCreated: (c) => {
        streams = c.attach({ stdin: false, stdout: true, stderr: true });
      },
    });
    const { stdout, stderr } = await collect(streams!);
    const { exitCode } = await container.exited;
    await container.gone;
    await runtime.forget(start.id);
    return { stdout, stderr, exitCode };
  }

  test('defaults: capabilities, seccomp, user and environment', async () => {
    const { stdout, stderr } = await run(
      'grep -E "^(CapBnd|Seccomp|NoNewPrivs):" /proc/self/status; echo $HOME; hostname',
    );
    assert.match(stdout, /CapBnd:\s*00000000a80425fb/, stderr);
    assert.match(stdout, /Seccomp:\s*2/);
    assert.match(stdout, /\/root\ninside\n$/);
  });

  test('a named user with groups and --group-add', async () => {
    const { stdout } = await run(
      'grep -E "^(Uid|Gid|Groups|CapEff):" /proc/self/status; echo $HOME',
      { GroupAdd: ['77'] },
      { User: 'www' },
    );
    assert.match(stdout, /Uid:\s*33\s/);
    assert.match(stdout, /Groups:\s*4 34 77/);
    assert.match(stdout, /CapEff:\s*0+\n/);
    assert.match(stdout, /\/srv\n$/);
  });

  test('privileged: no filter, writable /sys, host devices', async () => {
    const { stdout, stderr } = await run(
      'grep ^Seccomp: /proc/self/status; grep " /sys " /proc/mounts; test -c /dev/kmsg && echo kmsg',
      {
        Privileged: true,
      },
    );
    assert.match(stdout, /Seccomp:\s*0/, stderr);
    assert.match(stdout, /sysfs \/sys sysfs rw.*\nkmsg\n$/);
  });

  test('limits are seen inside, in a cgroup namespace of the host and of its own', async () => {
    const file = usesCgroup2() ? '/sys/fs/cgroup/memory.max' : '/sys/fs/cgroup/memory/memory.limit_in_bytes';
    for (const CgroupnsMode of ['host', 'private'] as const) {
      if (usesCgroup2() && CgroupnsMode === 'host') continue; // shows the host's root, which has no limit
      const { stdout, stderr } = await run(
        `cat ${file}; cat /proc/self/cgroup; mkdir /sys/fs/cgroup/x || echo closed`,
        {
          Memory: 64 << 20,
          CgroupnsMode,
        },
      );
      assert.match(stdout, /^67108864\n/, `${CgroupnsMode}: ${stderr}`);
      assert.match(stdout, /closed/);
      assert.equal(/memory:\/$/m.test(stdout) || usesCgroup2(), CgroupnsMode === 'private', stdout);
    }
  });

  test('--init is pid 1 and ends as the program does', async () => {
    const { stdout, exitCode } = await run('cat /proc/1/comm; exit 9', { Init: true });
    assert.deepEqual([stdout, exitCode], ['docker-init\n', 9]);
  });

  test('read-only root, tmpfs, shm size and masked paths', async () => {
    const script =
      'touch /x 2>/dev/null || echo readonly; touch /run/y && echo tmpfs; grep " /dev/shm " /proc/mounts; test -c /proc/interrupts && echo masked; touch /proc/sys/kernel/panic 2>/dev/null || echo closed';
    const { stdout } = await run(script, { ReadonlyRootfs: true, Tmpfs: { '/run': 'size=1m' }, ShmSize: 4 << 20 });
    assert.match(stdout, /^readonly\ntmpfs\n.*size=4096k.*\nmasked\nclosed\n$/);
  });

  test('a shareable ipc namespace and its /dev/shm are joined', async () => {
    const first = await request(['sh', '-c', 'echo shared > /dev/shm/f; exec sleep 1000'], { IpcMode: 'shareable' });
    const owner = await runtime.start(first);
    try {
      let streams: ProcessStreams | undefined;
      const script = 'until test -s /dev/shm/f; do :; done; cat /dev/shm/f; readlink /proc/self/ns/ipc';
      const second = await request(['sh', '-c', script], { IpcMode: `container:${first.id}` });
      second.joins = { ipc: owner.pid };
      const peer = await runtime.start(second, {
        onCreated: (c) => {
          streams = c.attach({ stdin: false, stdout: true, stderr: true });
        },
      });
      const { stdout } = await collect(streams!);
      assert.match(stdout, /^shared\nipc:/);
      await peer.gone;
      await runtime.forget(second.id);
    } finally {
      await owner.signal(9);
      await owner.gone;
      await runtime.forget(first.id);
    }
  });

  test('a program that is not there fails as Docker says it', async () => {
    for (const [program, message, exitCode] of [
      ['nosuch', /exec: "nosuch": executable file not found in \$PATH/, 127],
      ['/nosuch', /no such file or directory/, 127],
      ['/etc', /permission denied|is a directory/, 126],
      ['/etc/passwd', /permission denied/, 126],
    ] as const) {
      const start = await request([program], {});
      await assert.rejects(runtime.start(start), (err: Error & { exitCode?: number }) => {
        assert.match(err.message, message);
        assert.equal(err.exitCode, exitCode, err.message);
        return true;
      });
    }
  });

  test('update, stats, pids and exec reach a running container', async () => {
    const start = await request(['sleep', '1000'], { Memory: 64 << 20 });
    const container = await runtime.start(start);
    try {
      await container.update({ Memory: 128 << 20, MemorySwap: -1 } as HostConfig);
      const stats = container.openStats();
      assert.equal(stats.read()?.memory.limitBytes, BigInt(128 << 20));
      stats.close();
      assert.deepEqual(await container.pids(), [container.pid]);
      const exec = { Cmd: ['sh', '-c', 'id -u; cat /proc/1/comm'], User: 'www' };
      const running = await container.exec({
        id: 'e1',
        attach: true,
        exec,
        config: {},
        hostConfig: start.hostConfig,
        env: start.env,
      });
      const { stdout } = await collect(running.streams());
      assert.match(stdout, /^33\nsleep\n$/);
      const found = await runtime.reattach(start.id);
      assert.equal(found.kind, 'running');
    } finally {
      await container.signal(9);
      await container.gone;
      await runtime.forget(start.id);
    }
  });
});
