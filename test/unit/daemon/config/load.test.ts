import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseFlags } from '../../../../packages/daemon/src/config/flags.ts';
import { loadConfig } from '../../../../packages/daemon/src/config/load.ts';

async function load(t: TestContext, argv: string[], file?: string) {
  if (file === undefined) return loadConfig(parseFlags(argv));
  const directory = await mkdtemp(join(tmpdir(), 'tsd-config-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'daemon.json');
  await writeFile(path, file);
  return loadConfig(parseFlags([...argv, '--config-file', path]));
}

test('without flags and file the defaults hold', async (t) => {
  assert.deepEqual(await load(t, [], '{}'), {
    dataRoot: '/var/lib/tsdocker',
    execRoot: '/var/run/tsdocker',
    pidfile: '/var/run/tsdocker.pid',
    hosts: ['unix:///var/run/tsdocker.sock'],
    group: 'docker',
    groupRequired: false,
    debug: false,
    logLevel: 'info',
    registryMirrors: [],
    insecureRegistries: [],
    labels: [],
    maxConcurrentDownloads: 3,
    limits: { cgroupParent: '', realtime: { periodMicros: 0, runtimeMicros: 0 }, shmBytes: 64 << 20, ulimits: [] },
    security: {
      seccompProfile: 'builtin',
      noNewPrivileges: false,
      ipcMode: 'private',
      usernsRemap: '',
      init: false,
    },
    logs: { driver: 'json-file', options: {} },
  });
});

test('flags and the file are merged', async (t) => {
  const flags = ['-H', 'unix:///a', '-Htcp://127.0.0.1:1', '--data-root=/d', '-D', '--tlsverify', '--tlscacert=/ca'];
  const config = await load(t, flags, '{"registry-mirrors":["http://m"],"max-concurrent-downloads":7,"group":"staff"}');
  assert.deepEqual(config.hosts, ['unix:///a', 'tcp://127.0.0.1:1']);
  assert.deepEqual([config.dataRoot, config.debug, config.logLevel], ['/d', true, 'debug']);
  assert.deepEqual([config.registryMirrors, config.maxConcurrentDownloads], [['http://m'], 7]);
  assert.deepEqual([config.group, config.groupRequired], ['staff', true]);
  assert.deepEqual(config.tls, { certPath: '/etc/tsdocker/cert.pem', keyPath: '/etc/tsdocker/key.pem', caPath: '/ca' });
});

test('log defaults come as texts from flags and as an object from the file', async (t) => {
  const flags = ['--log-driver', 'local', '--log-opt', 'max-size=1m', '--log-opt', 'tag=a=b'];
  const { logs } = await load(t, flags);
  assert.deepEqual(logs, { driver: 'local', options: { 'max-size': '1m', tag: 'a=b' } });
  const fromFile = await load(t, [], '{"log-driver":"local","log-opts":{"max-file":"3"}}');
  assert.deepEqual(fromFile.logs, { driver: 'local', options: { 'max-file': '3' } });
  await assert.rejects(load(t, [], '{"log-opts":{"max-file":3}}'), /invalid value for log-opts/);
});

test('a file that cannot be used is refused in the words of docker', async (t) => {
  for (const [argv, file, message] of [
    [[], '{"x":1,"debug":true,"y":2}', "the following directives don't match any configuration option: x, y"],
    [
      ['--label', 'a=b'],
      '{"labels":["c=d"]}',
      'the following directives are specified both as a flag and in the configuration file: labels: (from flag: [a=b], from file: [c=d])',
    ],
    [[], '{"debug":"yes"}', 'invalid value for debug: a bool is needed'],
    [[], '{"hosts":{"a":1}}', 'invalid value for hosts: a list is needed'],
    [[], '[]', 'a JSON object is needed'],
  ] as [string[], string, string][]) {
    await assert.rejects(load(t, argv, file), (err: Error) => {
      assert.match(err.message, /^unable to configure the Docker daemon with file .*daemon\.json: /);
      assert.ok(err.message.endsWith(message), err.message);
      return true;
    });
  }
  await assert.rejects(loadConfig(parseFlags(['--config-file', '/nonexistent/x'])), /\/nonexistent\/x/);
});

test('what cannot be honoured is refused with the reason', async (t) => {
  for (const [argv, pattern] of [
    [['--live-restore=false'], /containers always outlive the daemon/],
    [['--storage-driver', 'btrfs'], /overlay2/],
    [['--dns', '1.1.1.1'], /--dns is not supported/],
    [['--log-level', 'loud'], /invalid logging level: loud/],
    [['--registry-mirror', 'ftp://x'], /invalid mirror/],
    [['--max-concurrent-downloads', '0'], /at least 1/],
    [['--label', 'x'], /bad attribute format: x/],
    [['--default-ipc-mode', 'host'], /IPC mode "host" is not supported as default value; use "private" or "shareable"/],
    [['--default-ipc-mode', 'x'], /default IPC mode setting \(x\) is invalid; use "private" or "shareable"/],
  ] as [string[], RegExp][]) {
    await assert.rejects(load(t, argv, '{}'), pattern);
  }
  await assert.rejects(load(t, [], '{"storage-opts":{"size":{}}}'), /--storage-opt is not supported/);
});

test('bad command lines are refused in the words of pflag', () => {
  for (const [argv, message] of [
    [['--nosuch'], 'unknown flag: --nosuch'],
    [['-X'], "unknown shorthand flag: 'X' in -X"],
    [['--host'], 'flag needs an argument: --host'],
    [['-H'], "flag needs an argument: 'H' in -H"],
    [
      ['--debug=maybe'],
      'invalid argument "maybe" for "-D, --debug" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [['extra'], 'tsdockerd accepts no arguments: "extra"'],
  ] as [string[], string][]) {
    assert.throws(() => parseFlags(argv), { message });
  }
});

test('defaults of limits: flags, the file, and what is refused', async (t) => {
  const flags = ['--default-ulimit', 'nofile=5:6', '--default-ulimit=nofile=7', '--default-shm-size', '1m'];
  const more = [
    '--cgroup-parent=/p',
    '--cpu-rt-period=9',
    '--cpu-rt-runtime',
    '8',
    '--default-cgroupns-mode',
    'private',
  ];
  assert.deepEqual((await load(t, [...flags, ...more])).limits, {
    cgroupParent: '/p',
    realtime: { periodMicros: 9, runtimeMicros: 8 },
    cgroupnsMode: 'private',
    shmBytes: 1 << 20,
    ulimits: [{ Name: 'nofile', Soft: 7, Hard: 7 }],
  });
  const file = '{"default-ulimits":{"a":{"Name":"nproc","Soft":1,"Hard":-1}},"default-shm-size":"2M"}';
  const { limits } = await load(t, [], file);
  assert.deepEqual([limits.ulimits, limits.shmBytes], [[{ Name: 'nproc', Soft: 1, Hard: -1 }], 2 << 20]);
  const refused: [string[], string | undefined, RegExp][] = [
    [['--default-ulimit', 'nofile'], undefined, /invalid ulimit argument: nofile/],
    [['--default-ulimit', 'foo=1'], undefined, /invalid ulimit type: foo/],
    [['--default-shm-size', '1q'], undefined, /invalid s/],
    [['--default-cgroupns-mode', 'x'], undefined, /^Error: default cgroup namespace mode \(x\) is invalid; use "host"/],
    [[], '{"default-ulimits":["nofile=1"]}', /default-ulimits/],
    [[], '{"default-ulimits":{"nofile":{"Name":"nofile","Soft":20,"Hard":10}}}', /soft limit must be less/],
  ];
  for (const [argv, given, words] of refused) await assert.rejects(load(t, argv, given), words);
});

test('how containers are confined that do not say', async (t) => {
  const flags = ['--init', '--init-path=/i', '--no-new-privileges', '--userns-remap=me:us'];
  const { security } = await load(t, flags, '{"seccomp-profile":"/p.json","default-ipc-mode":"shareable"}');
  assert.deepEqual(security, {
    seccompProfile: '/p.json',
    noNewPrivileges: true,
    ipcMode: 'shareable',
    usernsRemap: 'me:us',
    init: true,
    initPath: '/i',
  });
  const off = await load(t, [], '{"seccomp-profile":"unconfined"}');
  assert.equal(off.security.seccompProfile, 'unconfined');
  await assert.rejects(load(t, ['--cdi-spec-dir=/a']), /cdi-spec-dir.*CDI devices are not there yet/);
});
