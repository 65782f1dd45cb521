import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { readLogs } from '../../../packages/daemon/src/logging/read-logs.ts';
import type { ProcessStreams } from '../../../packages/daemon/src/runtime/runtime.ts';
import type { ShimHandle, ShimStart, StepError } from '../../../packages/daemon/src/runtime/shim/shim.types.ts';
import { eventually } from '../../support/eventually.ts';
import {
  collect,
  DEFAULT_CAPABILITIES,
  makeCgroupPlan,
  makeFixture,
  makeProcess,
  missing,
  readLog,
  type ShimFixture,
  usesCgroup2,
} from '../../support/shim-fixture.ts';

const ALL = { stdin: true, stdout: true, stderr: true };

describe('shim', { skip: missing() }, () => {
  let fixture: ShimFixture;
  before(async () => {
    fixture = await makeFixture();
  });
  after(async () => {
    // A shim ends right after it has said that it is gone.
    await eventually(() => leftovers(fixture).length === 0).catch(() => {});
    const left = leftovers(fixture);
    await fixture.remove();
    assert.deepEqual(left, []);
  });

  /** Starts with a client attached before the program runs. */
  async function startAttached(start: ShimStart): Promise<{ shim: ShimHandle; streams: ProcessStreams }> {
    let streams: ProcessStreams | undefined;
    const shim = await fixture.launcher.start(start, { onCreated: (created) => (streams = created.attach(ALL)) });
    assert.ok(streams);
    return { shim, streams };
  }

  /** Runs a shell script to its end. */
  async function run(script: string, change?: (start: ShimStart) => void) {
    const start = await fixture.start(['/bin/sh', '-c', script], change);
    const { shim, streams } = await startAttached(start);
    const output = await collect(streams);
    const status = await shim.exited;
    await shim.gone;
    return { ...output, status, start };
  }

  /** A container that sleeps until the test has done with it. */
  async function sleeping(change?: (start: ShimStart) => void, command = ['/bin/sleep', '1000']) {
    const start = await fixture.start(command, change);
    const shim = await fixture.launcher.start(start);
    const end = async () => {
      await shim.signal(9);
      await shim.gone;
    };
    return { start, shim, end };
  }

  async function exec(shim: ShimHandle, script: string, change?: (process: ReturnType<typeof makeProcess>) => void) {
    const process = makeProcess(['/bin/sh', '-c', script]);
    change?.(process);
    const session = await shim.exec({ session: 'test', process, stdin: false });
    return { ...(await collect(session.streams())), status: await session.exited, session };
  }

  test('reports the exit code, the output and the log of a program', async () => {
    const { stdout, stderr, status, start } = await run('echo out; echo err >&2; printf partial; exit 7');
    assert.equal(stdout, 'out\npartial');
    assert.equal(stderr, 'err\n');
    assert.equal(status.exitCode, 7);
    assert.equal(status.oomKilled, false);
    assert.ok(Math.abs(Number(status.finishedAt / 1_000_000n) - Date.now()) < 10_000);
    const entries = readLog(start.log?.path ?? '').map(({ log, stream }) => [stream, log]);
    assert.deepEqual(
      entries.filter(([stream]) => stream === 'stdout'),
      [
        ['stdout', 'out\n'],
        ['stdout', 'partial'],
      ],
    );
    assert.deepEqual(
      entries.filter(([stream]) => stream === 'stderr'),
      [['stderr', 'err\n']],
    );
    assert.equal((await stat(start.log?.path ?? '')).mode & 0o777, 0o640);
  });

  test('gives 128+n for a signal', async () => {
    assert.equal(
      (await run('kill -TERM $$; sleep 10', (start) => start.spec.linux.namespaces.splice(0, 1))).status.exitCode,
      143,
    );
  });

  test('makes the container see itself only', async () => {
    const { stdout } = await run(
      'echo $$; hostname; ls /proc/self/fd; readlink /proc/self/fd/0; cat /proc/net/dev | wc -l',
    );
    const lines = stdout.split('\n');
    assert.deepEqual(lines.slice(0, 2), ['1', 'testhost']);
    // 3 is ls's own look into the directory
    assert.deepEqual(lines.slice(2, 7), ['0', '1', '2', '3', '/dev/null']);
    assert.equal(lines[7], '3');
  });

  test('drops capabilities, masks and protects paths', async () => {
    const { stdout } = await run(
      'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; echo 1 > /proc/sys/kernel/domainname; ls /sys/firmware | wc -l; wc -c < /proc/timer_list; ls -ld /dev/ptmx',
      (start) => {
        start.seccomp = { program: allowAll(), flags: 0 };
        start.spec.process.noNewPrivileges = true;
      },
    );
    assert.match(
      stdout,
      /CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000/,
    );
    assert.match(stdout, /NoNewPrivs:\t1\nSeccomp:\t2/);
    assert.match(stdout, /\n0\n0\nl.*ptmx -> pts\/ptmx\n$/);
    assert.equal(DEFAULT_CAPABILITIES.length, 14);
  });

  test('enforces a seccomp program, also without no_new_privs', async () => {
    const { stdout } = await run('mkdir /tmp/x || echo denied; grep NoNewPrivs /proc/self/status', (start) => {
      start.seccomp = { program: denyMkdir(), flags: 0 };
    });
    assert.equal(stdout, 'denied\nNoNewPrivs:\t0\n');
  });

  test('runs as a user with groups, in a directory made for it', async () => {
    const { stdout } = await run(
      'id; pwd; stat -c %u /proc/self/fd/1; echo again > /dev/stdout; umask; grep CapEff /proc/self/status',
      (start) => {
        start.spec.process.user = { uid: 1000, gid: 1001, additionalGids: [1001, 44] };
        start.spec.process.cwd = '/srv/made/here';
        for (const set of ['effective', 'permitted'] as const) start.spec.process.capabilities[set] = [];
      },
    );
    assert.equal(
      stdout,
      'uid=1000 gid=1001 groups=1001,44\n/srv/made/here\n64\nagain\n0022\nCapEff:\t0000000000000000\n'.replace(
        '64',
        stdout.split('\n')[2] ?? '',
      ),
    );
  });

  test('sets limits, sysctls and the out-of-memory score', async () => {
    const { stdout } = await run(
      'ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_forward',
      (start) => {
        start.spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }];
        start.spec.process.oomScoreAdj = 77;
        start.spec.linux.sysctl = { 'net.ipv4.ip_forward': '0' };
      },
    );
    assert.equal(stdout, '100\n200\n77\n0\n');
  });

  test('binds files and directories over what is there or missing', async () => {
    const { stdout } = await run(
      'cat /etc/issue; cat /data/deep/etc/issue >/dev/null && echo dir; echo x > /data/deep/x || echo readonly; cat /etc/dangling',
      (start) => {
        const bind = (destination: string, source: string, ...options: string[]) =>
          start.spec.mounts.push({ destination, source, type: 'bind', options: ['rbind', 'rprivate', ...options] });
        bind('/etc/issue', '/proc/sys/kernel/ostype');
        bind('/data/deep', '/', 'ro');
        bind('/etc/dangling', '/proc/sys/kernel/ostype');
      },
    );
    assert.equal(stdout, 'Linux\ndir\nreadonly\nLinux\n');
  });

  test('makes the root read-only on request, mounts not', async () => {
    const { stdout } = await run('touch /file || echo readonly; touch /dev/shm/file && echo writable', (start) => {
      start.spec.root.readonly = true;
    });
    assert.equal(stdout, 'readonly\nwritable\n');
  });

  test('passes stdin to the end of its input', async () => {
    const start = await fixture.start(['/bin/cat'], (s) => Object.assign(s, { stdin: true, stdinOnce: true }));
    const { shim, streams } = await startAttached(start);
    const output = collect(streams);
    const data = Buffer.alloc(3_000_000, 'abcdefghi\n');
    await streams.write(data);
    await streams.closeStdin();
    assert.equal((await output).stdout.length, data.length);
    assert.equal((await shim.exited).exitCode, 0);
    await shim.gone;
  });

  test('keeps stdin open past a client unless it is for once', async () => {
    const start = await fixture.start(['/bin/cat'], (s) => Object.assign(s, { stdin: true }));
    const { shim, streams } = await startAttached(start);
    await streams.write(Buffer.from('one\n'));
    await streams.closeStdin();
    await eventually(() => readLog(start.log?.path ?? '').length === 1);
    streams.close();
    const second = shim.attach(ALL);
    await second.write(Buffer.from('two\n'));
    await eventually(() => readLog(start.log?.path ?? '').length === 2);
    second.close();
    await shim.signal(9);
    assert.equal((await shim.exited).exitCode, 137);
    await shim.gone;
  });

  test('gives a terminal with its size, and resizes it', async () => {
    const start = await fixture.start(
      ['/bin/sh', '-c', 'tty; stty size; read line; stty size; echo got $line; ls -l /dev/console'],
      (s) => {
        s.stdin = true;
        s.spec.process.terminal = true;
        s.spec.process.consoleSize = { height: 30, width: 111 };
      },
    );
    const { shim, streams } = await startAttached(start);
    const output = collect(streams);
    await eventually(() => readLog(start.log?.path ?? '').some(({ log }) => log.includes('30 111')));
    await shim.resize({ height: 40, width: 99 });
    await streams.write(Buffer.from('word\r'));
    const { stdout } = await output;
    assert.match(stdout, /\/dev\/pts\/0\r\n30 111\r\nword\r\n40 99\r\ngot word\r\ncrw/);
    await shim.gone;
  });

  test('lets Ctrl-C reach the foreground process of a terminal', async () => {
    const start = await fixture.start(
      ['/bin/sh', '-c', 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 1; done'],
      (s) => {
        s.stdin = true;
        s.spec.process.terminal = true;
      },
    );
    const { shim, streams } = await startAttached(start);
    const output = collect(streams);
    await eventually(() => readLog(start.log?.path ?? '').some(({ log }) => log.includes('ready')));
    await streams.write(Buffer.from([3]));
    assert.match((await output).stdout, /caught/);
    assert.equal((await shim.exited).exitCode, 5);
    await shim.gone;
  });

  test('executes further processes beside the first', async () => {
    const { shim, end } = await sleeping();
    const { stdout, stderr, status } = await exec(
      shim,
      'hostname; cat /proc/1/comm; ls /proc/self/fd; echo e >&2; grep CapEff /proc/self/status; exit 9',
    );
    assert.equal(stdout, 'testhost\nsleep\n0\n1\n2\n3\nCapEff:\t00000000a80425fb\n');
    assert.equal(stderr, 'e\n');
    assert.equal(status.exitCode, 9);
    const cgroups = await exec(shim, 'cat /proc/self/cgroup');
    assert.match(cgroups.stdout, /:(memory)?:\/\n/);
    const terminal = await exec(shim, 'tty; stty size', (process) => {
      process.terminal = true;
      process.consoleSize = { height: 11, width: 22 };
    });
    assert.match(terminal.stdout, /^\/dev\/pts\/\d\r\n11 22\r\n$/);
    await end();
  });

  test('feeds an exec and ends it with the container', async () => {
    const { shim, end } = await sleeping();
    const session = await shim.exec({ session: 'x', process: makeProcess(['/bin/cat']), stdin: true });
    const streams = session.streams();
    const output = collect(streams);
    await streams.write(Buffer.from('ping'));
    await streams.closeStdin();
    assert.equal((await output).stdout, 'ping');
    assert.equal((await session.exited).exitCode, 0);
    const long = await shim.exec({ session: 'y', process: makeProcess(['/bin/sleep', '1000']), stdin: false });
    await end();
    assert.equal((await long.exited).exitCode, 137);
    await assert.rejects(shim.exec({ session: 'z', process: makeProcess(['/bin/true']), stdin: false }), {
      code: 'ESRCH',
    });
  });

  test('freezes and thaws', async () => {
    const { shim, start, end } = await sleeping(undefined, [
      '/bin/sh',
      '-c',
      'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done',
    ]);
    const lines = () => readLog(start.log?.path ?? '').length;
    await eventually(() => lines() > 3);
    await shim.freeze();
    const frozen = lines();
    await new Promise((resolve) => setTimeout(resolve, 100));
    // what was in the pipe already may still come
    assert.ok(lines() - frozen <= 1);
    const again = await fixture.launcher.reattach(start.runtimeDirectory);
    assert.ok(again.kind === 'running' && again.paused);
    await assert.rejects(shim.exec({ session: 'f', process: makeProcess(['/bin/true']), stdin: false }), {
      code: 'EBUSY',
    });
    await shim.thaw();
    await eventually(() => lines() > frozen + 3);
    await end();
    await again.shim.gone;
  });

  test('tells when memory ran out', async () => {
    const start = await fixture.start(['/bin/dd', 'if=/dev/zero', 'of=/dev/null', 'bs=200M', 'count=1'], (s) => {
      s.cgroup = makeCgroupPlan(s.id, 32 << 20);
    });
    let events = 0;
    const shim = await fixture.launcher.start(start, { onCreated: (created) => created.onOom(() => events++) });
    const status = await shim.exited;
    assert.deepEqual([status.exitCode, status.oomKilled], [137, true]);
    assert.equal(events, 1);
    await shim.gone;
  });

  for (const { name, args, expected } of [
    { name: 'a command not in PATH', args: ['nosuchcommand'], expected: { step: 'lookup', code: 'ENOENT' } },
    { name: 'a missing file', args: ['/no/such'], expected: { step: 'lookup', code: 'ENOENT' } },
    { name: 'a file without x', args: ['/etc/passwd'], expected: { step: 'lookup', code: 'EACCES' } },
    { name: 'a directory', args: ['/etc'], expected: { step: 'lookup', code: 'EISDIR' } },
    { name: 'a file of no known format', args: ['/tmp/odd'], expected: { step: 'execve', code: 'ENOEXEC' } },
  ]) {
    test(`names the reason for ${name} and leaves nothing behind`, async () => {
      const start = await fixture.start(args);
      if (args[0] === '/tmp/odd')
        await promisify(execFile)('sh', [
          '-c',
          `mkdir -p ${start.rootfs.upper}/tmp; echo text > ${start.rootfs.upper}/tmp/odd; chmod 755 ${start.rootfs.upper}/tmp/odd`,
        ]);
      await assert.rejects(fixture.launcher.start(start), (err: StepError) => {
        assert.deepEqual({ step: err.step, code: err.code }, expected);
        return true;
      });
      assert.equal(existsSync(start.runtimeDirectory), false);
      const { shim, end } = await sleeping();
      if (args[0] !== '/tmp/odd')
        await assert.rejects(shim.exec({ session: 'e', process: makeProcess(args), stdin: false }), expected);
      await end();
    });
  }

  test('names the mount that failed', async () => {
    const start = await fixture.start(['/bin/true'], (s) => {
      s.spec.mounts.push({ destination: '/x', type: 'bind', source: '/no/such/source', options: ['rbind'] });
    });
    await assert.rejects(fixture.launcher.start(start), { step: 'mount', path: '/x', code: 'ENOENT' });
  });

  test('shares namespaces that the spec leaves out or names', async () => {
    const first = await sleeping();
    const link = (kind: string) => readFileLink(`/proc/self/ns/${kind}`);
    const { stdout } = await run(
      'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done; cat /proc/1/comm',
      (start) => {
        start.spec.linux.namespaces = [
          { type: 'pid', path: `/proc/${first.shim.pid}/ns/pid` },
          { type: 'ipc', path: `/proc/${first.shim.pid}/ns/ipc` },
          { type: 'mount' },
        ];
        start.network = { kind: 'path', path: `/proc/${first.shim.pid}/ns/net` };
      },
    );
    const of = (kind: string) => readFileLink(`/proc/${first.shim.pid}/ns/${kind}`);
    assert.equal(stdout, [of('pid'), of('ipc'), link('uts'), of('net'), 'sleep', ''].join('\n'));
    await first.end();
  });

  test('ends what a container without its own pid namespace has left', async () => {
    const { status } = await run('sleep 4321 </dev/null >/dev/null 2>&1 & exit 0', (start) => {
      start.spec.linux.namespaces = start.spec.linux.namespaces.filter(({ type }) => type !== 'pid');
    });
    assert.equal(status.exitCode, 0);
    const { stdout } = await promisify(execFile)('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "']);
    assert.equal(stdout.includes('sleep 4321'), false);
  });

  test('takes a running container over, without losing output', async () => {
    const start = await fixture.start([
      '/bin/sh',
      '-c',
      'i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; sleep 0.01; done; exit 3',
    ]);
    const other = new URL('./start-and-die.ts', import.meta.url).pathname;
    const { pid } = JSON.parse(await outputOfKilled(other, JSON.stringify(start))) as { pid: number };
    const found = await fixture.launcher.reattach(start.runtimeDirectory);
    assert.ok(found.kind === 'running');
    assert.equal(found.shim.pid, pid);
    assert.equal((await exec(found.shim, 'echo there')).stdout, 'there\n');
    assert.equal((await found.shim.exited).exitCode, 3);
    await found.shim.gone;
    assert.deepEqual(
      readLog(start.log?.path ?? '').map(({ log }) => log),
      Array.from({ length: 60 }, (_, i) => `line ${i + 1}\n`),
    );
    const after = await fixture.launcher.reattach(start.runtimeDirectory);
    assert.ok(after.kind === 'exited');
    assert.equal(after.status.exitCode, 3);
    await fixture.launcher.forget(start.runtimeDirectory);
    assert.equal(existsSync(start.runtimeDirectory), false);
    assert.equal((await fixture.launcher.reattach(start.runtimeDirectory)).kind, 'lost');
  });

  test('kills the container when its shim is killed, and cleans up', async () => {
    const { start, shim } = await sleeping();
    const pid = Number(/^shim (\d+)/m.exec(await readFile(`${start.runtimeDirectory}/state`, 'utf8'))?.[1]);
    process.kill(pid, 'SIGKILL');
    assert.equal((await shim.exited).exitCode, 137);
    await shim.gone;
    assert.equal(readState(shim.pid), 'gone');
    for (const { path, own } of start.cgroup.directories) assert.equal(own && existsSync(path), false);
    const found = await fixture.launcher.reattach(start.runtimeDirectory);
    assert.deepEqual(found, { kind: 'lost', cgroupDirectories: [] });
  });

  test('starts and ends many at once', async () => {
    const runs = Array.from({ length: 40 }, (_, i) => run(`echo ${i}; exit ${i}`));
    const results = await Promise.all(runs);
    assert.deepEqual(
      results.map(({ stdout, status }) => [stdout, status.exitCode]),
      results.map((_, i) => [`${i}\n`, i]),
    );
  });

  test('gives up, with everything undone, when the daemon dies before it said go', async () => {
    const start = await fixture.start(['/bin/sleep', '1000']);
    const other = new URL('./start-and-die.ts', import.meta.url).pathname;
    await outputOfKilled(other, JSON.stringify(start), 'before-go');
    await eventually(
      () => !existsSync(`${start.runtimeDirectory}/state`) && !existsSync(`${start.runtimeDirectory}/sock`),
    );
    for (const { path, own } of start.cgroup.directories) assert.equal(own && existsSync(path), false);
    assert.deepEqual(await fixture.launcher.reattach(start.runtimeDirectory), { kind: 'lost', cgroupDirectories: [] });
  });

  test('enters a network namespace given as a descriptor', async () => {
    const first = await sleeping();
    const namespace = await open(`/proc/${first.shim.pid}/ns/net`);
    const expected = readFileLink(`/proc/${first.shim.pid}/ns/net`);
    const { stdout } = await run('readlink /proc/self/ns/net', (start) => {
      start.network = { kind: 'fd', fd: namespace.fd };
    });
    assert.equal(stdout, `${expected}\n`);
    await namespace.close();
    await first.end();
  });

  test('attaches a device program to a version 2 group', {
    skip: usesCgroup2() ? false : 'needs cgroup version 2',
  }, async () => {
    const { stdout } = await run('head -c 1 /dev/zero || echo denied; head -c 1 /dev/urandom | wc -c', (start) => {
      start.cgroup.deviceProgram = denyZero();
    });
    assert.equal(stdout, 'denied\n1\n');
  });

  test('holds sockets for published ports, away from the container', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const { port } = server.address() as AddressInfo;
    const { shim, end } = await sleeping((start) => start.heldSockets.push(fd));
    await new Promise((resolve) => server.close(resolve));
    const taken = await listenError(port);
    assert.equal(taken, 'EADDRINUSE');
    assert.deepEqual(readdirSync(`/proc/${shim.pid}/fd`), ['0', '1', '2']);
    await end();
    assert.equal(await listenError(port), undefined);
  });

  test('uses mount(2) for a root where the kernel asks for it', async () => {
    const classic = await makeFixture({ classicOverlay: true });
    try {
      const shim = await classic.launcher.start(await classic.start(['/bin/sh', '-c', 'touch /made && exit 4']));
      assert.equal((await shim.exited).exitCode, 4);
      await shim.gone;
    } finally {
      await classic.remove();
    }
  });

  test('rotates its log by size', async () => {
    const { start } = await run('seq 1 200', (s) => {
      if (s.log) Object.assign(s.log, { maxSizeBytes: 5000, maxFiles: 3 });
    });
    const path = start.log?.path ?? '';
    const numbers = [2, 1, 0].flatMap((n) => readLog(n ? `${path}.${n}` : path).map(({ log }) => Number(log)));
    assert.equal(existsSync(`${path}.3`), false);
    assert.equal(numbers.at(-1), 200);
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, i) => 201 - numbers.length + i),
    );
    assert.ok(readFileSync(path).length < 5200);
  });

  test('gives each record of its log the attributes', async () => {
    const attributes = '{"a":"b","tag":"t"}';
    const { start } = await run('echo out; echo err >&2', (s) => {
      if (s.log) Object.assign(s.log, { attributes });
    });
    const lines = readFileSync(start.log?.path ?? '', 'utf8')
      .trim()
      .split('\n');
    assert.equal(lines.length, 2);
    for (const line of lines)
      assert.match(
        line,
        /^\{"log":"(out|err)\\n","stream":"std(out|err)","attrs":\{"a":"b","tag":"t"\},"time":"[^"]+"\}$/,
      );
  });

  test('writes logs in the local format: bytes, parts, empty lines, several files', async () => {
    const script =
      "printf '\\000\\377\\n\\n'; head -c 20000 /dev/zero | tr '\\0' x; echo; echo err >&2; seq 1000; printf end";
    const log = { path: '', format: 'local', maxSizeBytes: 30_000, maxFiles: 3 } as const;
    const { start, stdout } = await run(script, (s) => {
      if (s.log) s.log = { ...log, path: `${s.log.path}-local/container.log` };
    });
    const path = start.log?.path ?? '';
    const all = { stdout: true, stderr: true, follow: false, timestamps: false, details: false };
    const text = async (opts: object) => {
      const parts: Buffer[] = [];
      for await (const chunks of readLogs({ path, format: 'local' }, { ...all, ...opts })) {
        parts.push(...chunks.map(({ data }) => data));
      }
      return Buffer.concat(parts);
    };
    const written = (await text({ stderr: false })).toString();
    assert.equal(written, stdout);
    assert.deepEqual((await text({})).subarray(0, 4), Buffer.from([0, 255, 10, 10]));
    assert.equal((await text({ stdout: false })).toString(), 'err\n');
    // The last three of both streams, and a line on stderr may come in among them: the pipes are two.
    assert.match((await text({ stderr: false, tail: 3 })).toString(), /^(999\n)?1000\nend$/);
    assert.ok(existsSync(`${path}.1`));
  });

  test('starts a new file after a local log that a crash tore', async () => {
    const { start } = await run('echo whole', (s) => {
      if (!s.log) return;
      const directory = `${s.log.path}-torn`;
      mkdirSync(directory);
      writeFileSync(`${directory}/container.log`, Buffer.from([0, 0, 0, 9, 10]));
      s.log = { path: `${directory}/container.log`, format: 'local', maxSizeBytes: 30_000, maxFiles: 2 };
    });
    const path = start.log?.path ?? '';
    assert.equal(readFileSync(`${path}.1`).length, 5);
    assert.ok(readFileSync(path).includes('whole'));
  });

  test('logs every byte as docker does', async () => {
    const { start } = await run(
      `printf 'a<b>&"\\\\\\t\\001\\200\\342\\200\\250é\\n'; head -c 20000 /dev/zero | tr '\\0' x; echo`,
      undefined,
    );
    const raw = readFileSync(start.log?.path ?? '', 'utf8').split('\n');
    assert.ok(
      raw[0]?.startsWith(
        '{"log":"a\\u003cb\\u003e\\u0026\\"\\\\\\u0009\\u0001\\ufffd\\u2028é\\n","stream":"stdout","time":"',
      ),
      raw[0],
    );
    const [, first, second] = readLog(start.log?.path ?? '');
    assert.equal(first?.log.length, 16384);
    assert.equal(second?.log.length, 20000 - 16384 + 1);
    assert.equal(first?.time, second?.time);
  });

  test('holds the container up for a slow reader, and no longer than it must', async () => {
    const start = await fixture.start(['/bin/sh', '-c', 'head -c 8000000 /dev/zero; echo end']);
    delete start.log;
    const { shim, streams } = await startAttached(start);
    const iterator = streams.output[Symbol.asyncIterator]();
    await iterator.next();
    let ended = false;
    void shim.exited.then(() => (ended = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(ended, false);
    streams.close();
    assert.equal((await shim.exited).exitCode, 0);
    await shim.gone;
  });
});

function readFileLink(path: string): string {
  return readlinkSync(path);
}

/** State letter of a process; `gone` for none or a zombie. */
function readState(pid: number): string {
  try {
    const state = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state === 'Z' ? 'gone' : (state ?? '');
  } catch {
    return 'gone';
  }
}

/** Processes, mounts and cgroups of this test's containers that are still there. */
function leftovers(fixture: ShimFixture): string[] {
  const found: string[] = [];
  const mark = `tsdtest${process.pid}x`;
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n'))
    if (line.includes(fixture.directory)) found.push(line);
  const groups = ['', ...readdirSync('/sys/fs/cgroup')]
    .map((name) => `/sys/fs/cgroup/${name}/tsdocker-test`)
    .filter((path) => existsSync(path));
  for (const group of groups) found.push(...readdirSync(group).filter((name) => name.startsWith(mark)));
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  if (children) found.push(`children ${children}`);
  return found;
}

/** A BPF_PROG_TYPE_CGROUP_DEVICE program that refuses character device 1:5 and allows the rest. */
function denyZero(): Buffer {
  const instructions: [code: number, registers: number, offset: number, value: number][] = [
    [0x61, 0x12, 4, 0], // r2 = major
    [0x55, 0x02, 4, 1], // other than 1: allow
    [0x61, 0x13, 8, 0], // r3 = minor
    [0x55, 0x03, 2, 5], // other than 5: allow
    [0xb7, 0x00, 0, 0],
    [0x95, 0x00, 0, 0],
    [0xb7, 0x00, 0, 1],
    [0x95, 0x00, 0, 0],
  ];
  return Buffer.concat(
    instructions.map(([code, registers, offset, value]) => {
      const bytes = Buffer.from([code, registers, 0, 0, 0, 0, 0, 0]);
      bytes.writeInt16LE(offset, 2);
      bytes.writeInt32LE(value, 4);
      return bytes;
    }),
  );
}

/** BPF_RET ALLOW */
function allowAll(): Buffer {
  return filter([0x06, 0, 0, 0x7fff0000]);
}

/** EPERM for mkdir and mkdirat on x86_64. */
function denyMkdir(): Buffer {
  return filter(
    [0x20, 0, 0, 0],
    [0x15, 1, 0, 83],
    [0x15, 0, 1, 258],
    [0x06, 0, 0, 0x00050001],
    [0x06, 0, 0, 0x7fff0000],
  );
}

function filter(...instructions: [number, number, number, number][]): Buffer {
  return Buffer.concat(
    instructions.map(([code, jt, jf, k]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(code, 0);
      bytes.writeUInt8(jt, 2);
      bytes.writeUInt8(jf, 3);
      bytes.writeUInt32LE(k, 4);
      return bytes;
    }),
  );
}

/** Output of a script that ends by SIGKILL. */
async function outputOfKilled(script: string, ...argv: string[]): Promise<string> {
  const result = await promisify(execFile)(process.execPath, [script, ...argv]).catch(
    (err: { signal?: string; stdout: string; stderr: string }) => {
      if (err.signal !== 'SIGKILL') throw new Error(err.stderr);
      return err;
    },
  );
  return result.stdout;
}

/** Code of the error a listen on 127.0.0.1 gives; undefined when it works. */
async function listenError(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  } catch (err) {
    return (err as NodeJS.ErrnoException).code;
  }
  await new Promise((resolve) => server.close(resolve));
  return undefined;
}
