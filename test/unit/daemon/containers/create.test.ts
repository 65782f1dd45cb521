import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '../../../../packages/shared/src/errors.ts';
import { containerDomain } from '../../../support/container-domain.ts';

const LIMIT = 'Minimum memory limit allowed is 6MB';
const conflictName = (id: string) =>
  `Conflict. The container name "/full" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`;

/** [what, HostConfig, code, message], messages as dockerd gives them. */
const HOST_ROWS: [Record<string, unknown>, string][] = [
  [
    { Binds: ['a'] },
    `invalid volume specification: 'a': invalid mount config for type "volume": invalid mount path: 'a' mount path must be absolute`,
  ],
  [
    { Binds: ['/a:b'] },
    `invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path: 'b' mount path must be absolute`,
  ],
  [{ Binds: ['/a:/b:zz'] }, 'invalid mode: zz'],
  [{ Binds: ['/a:/b:ro:x'] }, "invalid volume specification: '/a:/b:ro:x'"],
  [
    { Binds: ['/a:/'] },
    `invalid volume specification: '/a:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
  ],
  [{ Binds: [':/x'] }, "invalid volume specification: ':/x'"],
  [{ Binds: [''] }, "invalid volume specification: ''"],
  [{ Binds: ['/a:/b:ro,rw'] }, 'invalid mode: ro,rw'],
  [{ Binds: ['/a:/b:__proto__'] }, 'invalid mode: __proto__'],
  [
    { Binds: ['x:/b:rshared'] },
    `invalid volume specification: 'x:/b:rshared': invalid mount config for type "volume": field BindOptions must not be specified`,
  ],
  [
    { Binds: ['/a:/b:nocopy'] },
    `invalid volume specification: '/a:/b:nocopy': invalid mount config for type "bind": field VolumeOptions must not be specified`,
  ],
  [
    { Binds: ['/a::ro'] },
    `invalid volume specification: '/a::ro': invalid mount config for type "bind": field Target must not be empty`,
  ],
  [
    { Binds: ['../a:/b'] },
    'create ../a: "../a" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  ],
  [
    { Mounts: [{ Type: 'bind', Source: '/nosuch', Target: '/x' }] },
    'invalid mount config for type "bind": bind source path does not exist: /nosuch',
  ],
  [
    { Mounts: [{ Type: 'bind', Source: 'rel', Target: '/x' }] },
    `invalid mount config for type "bind": invalid mount path: 'rel' mount path must be absolute`,
  ],
  [
    { Mounts: [{ Type: 'bind', Source: '', Target: '/x' }] },
    'invalid mount config for type "bind": field Source must not be empty',
  ],
  [
    { Mounts: [{ Type: 'bind', Source: '/tmp', Target: '' }] },
    'invalid mount config for type "bind": field Target must not be empty',
  ],
  [{ Mounts: [{ Type: 'foo', Target: '/x' }] }, 'invalid mount config for type "foo": mount type unknown'],
  [
    { Mounts: [{ Type: 'tmpfs', Source: '/tmp', Target: '/x' }] },
    'invalid mount config for type "tmpfs": field Source must not be specified',
  ],
  [
    { Mounts: [{ Type: 'bind', Source: '/tmp', Target: '/x', BindOptions: { Propagation: 'zz' } }] },
    'invalid mount config for type "bind": invalid propagation mode: zz',
  ],
  [
    { Mounts: [{ Type: 'volume', Target: '/' }] },
    `invalid mount config for type "volume": invalid specification: destination can't be '/'`,
  ],
  [
    { Mounts: [{ Type: 'volume', Target: '/ok', ReadOnly: true }] },
    'invalid mount config for type "volume": must not set ReadOnly mode when using anonymous volumes',
  ],
  [
    { Mounts: [{ Type: 'volume', Source: 'v1', Target: '/ok', VolumeOptions: { Subpath: '../x' } }] },
    'invalid mount config for type "volume": subpath must be a relative path within the volume',
  ],
  [{ Binds: ['/tmp:/x', '/var:/x/'] }, 'duplicate mount point: /x'],
  [{ Binds: ['/tmp:/x'], Tmpfs: { '/x': '' } }, 'duplicate mount point: /x'],
  [{ Tmpfs: { x: '' } }, "invalid mount path: 'x' mount path must be absolute"],
  [{ VolumesFrom: ['nosuch'] }, 'No such container: nosuch'],
  [{ VolumesFrom: ['full:zz'] }, 'invalid mode: zz'],
  [
    { RestartPolicy: { Name: 'foo' } },
    "invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
  ],
  [
    { RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } },
    "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  ],
  [
    { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -3 } },
    'invalid restart policy: maximum retry count cannot be negative',
  ],
  [{ RestartPolicy: { Name: 'always' }, AutoRemove: true }, "can't create 'AutoRemove' container with restart policy"],
  [{ Memory: 1000 }, LIMIT],
  [{ MemorySwap: 100_000_000 }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [{ Memory: 100_000_000, MemorySwap: 1000 }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  [{ NanoCpus: 1, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [{ CpuPeriod: 10 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ CpuQuota: 10 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ CpusetCpus: '9999' }, 'Invalid value 9999 for cpuset cpus: value of out range, maximum is 8192'],
  [{ CpusetCpus: 'zz' }, 'Invalid value zz for cpuset cpus: invalid format: zz'],
  [{ MemoryReservation: 1000 }, 'Minimum memory reservation allowed is 6MB'],
  [{ MemorySwappiness: 200 }, 'Invalid value: 200, valid memory swappiness range is 0-100'],
  [{ ShmSize: -1 }, 'SHM size can not be less than 0'],
  [{ OomScoreAdj: 2000 }, 'Invalid value 2000, range for oom score adj is [-1000, 1000]'],
  [{ CgroupnsMode: 'zz' }, 'invalid cgroup namespace mode: zz'],
  [{ PidMode: 'container:nosuch' }, 'No such container: nosuch'],
  [{ NetworkMode: 'container:' }, 'Invalid network mode: invalid container format container:<name|id>'],
  [{ NetworkMode: 'container:full', Dns: ['1.1.1.1'] }, 'conflicting options: dns and the network mode'],
  [{ LogConfig: { Type: 'json-file', Config: { x: '1' } } }, "unknown log opt 'x' for json-file log driver"],
  [{ CapAdd: ['zz'] }, 'invalid CapAdd: unknown capability: "CAP_ZZ"'],
  [{ ExtraHosts: ['zz'] }, 'bad format for add-host: "zz"'],
  [{ ExtraHosts: ['a:zz'] }, 'invalid IP address in add-host: "zz"'],
  [{ PortBindings: { zz: [] } }, 'invalid port specification: "zz"'],
  [{ PortBindings: { '80/tcp': [{ HostPort: '99999' }] } }, 'invalid port specification: "99999"'],
  [{ SecurityOpt: ['zz'] }, 'invalid --security-opt 1: "zz"'],
  [{ SecurityOpt: ['zz=1'] }, 'invalid --security-opt 2: "zz=1"'],
];

const CONFIG_ROWS: [Record<string, unknown>, string][] = [
  [{ WorkingDir: 'rel' }, "the working directory 'rel' is invalid, it needs to be an absolute path"],
  [{ StopSignal: 'zz' }, 'invalid signal: zz'],
  [{ Env: ['=x'] }, 'invalid environment variable: =x'],
  [{ Env: [''] }, 'invalid environment variable: '],
  [{ Healthcheck: { Test: ['CMD'], Interval: 1 } }, 'Interval in Healthcheck cannot be less than 1ms'],
  [{ Healthcheck: { Test: ['CMD'], Retries: -1 } }, 'Retries in Healthcheck cannot be negative'],
  [{ Image: 'empty' }, 'no command specified'],
];

test('a refused create says why in Docker’s words and leaves nothing', async () => {
  await using d = await containerDomain();
  d.images.add('empty', {} as never);
  await d.create({}, 'full');
  for (const [HostConfig, message] of HOST_ROWS) {
    await assert.rejects(d.createHost(HostConfig), { code: 'InvalidParameter', message }, JSON.stringify(HostConfig));
  }
  for (const [config, message] of CONFIG_ROWS) {
    await assert.rejects(d.create(config), { code: 'InvalidParameter', message }, JSON.stringify(config));
  }
  await assert.rejects(d.create({ Image: 'nosuch' }), { code: 'NotFound', message: 'No such image: nosuch:latest' });
  assert.equal((await readdir(join(d.dataRoot, 'containers'))).length, 1);
  assert.equal(d.images.rootfs.size, 1);
  assert.equal(d.volumes.volumes.size, 0);
});

test('names: checked, unique, made up when none is given', async () => {
  await using d = await containerDomain();
  const id = await d.create({}, '/full');
  await assert.rejects(d.create({}, 'full'), { code: 'Conflict', message: conflictName(id) });
  for (const name of ['.x', 'x', 'a b', '../up']) {
    const message = `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`;
    await assert.rejects(d.create({}, name), { code: 'InvalidParameter', message });
  }
  const other = await d.create({});
  assert.match((await d.service.inspect(other, { size: false })).Name!, /^\/[a-z]+_[a-z]+\d*$/);
  const both = await Promise.allSettled([d.create({}, 'twin'), d.create({}, 'twin')]);
  assert.deepEqual(both.map((r) => r.status).sort(), ['fulfilled', 'rejected']);
});

test('a container is found by id, unique prefix and name', async () => {
  await using d = await containerDomain();
  const id = await d.create({}, 'web');
  for (const ref of [id, id.slice(0, 12), id.slice(0, 2), 'web', '/web']) {
    assert.equal((await d.service.inspect(ref, { size: false })).Id, id);
  }
  await assert.rejects(d.service.inspect('nope', { size: false }), { message: 'No such container: nope' });
  for (let i = 0; i < 17; i++) await d.create({});
  const digits = [...'0123456789abcdef'].map((digit) => d.service.inspect(digit, { size: false }).catch(codeOf));
  assert.ok((await Promise.all(digits)).includes('InvalidParameter'), '18 ids share a first digit somewhere');
});

test('the image fills in what the request leaves open', async () => {
  await using d = await containerDomain();
  d.images.add('full', {
    Entrypoint: ['/entry'],
    Cmd: ['serve'],
    Env: ['PATH=/bin', 'A=image'],
    WorkingDir: '/srv/../app/',
    User: 'app',
    ExposedPorts: { '80/tcp': {} },
    Labels: { a: 'image', b: 'image' },
    StopSignal: 'SIGINT',
    Volumes: { '/data': {} },
  } as never);
  const argvOf = async (given: Record<string, unknown>) => {
    const { Path, Args } = await d.service.inspect(await d.create({ Image: 'full', ...given }), { size: false });
    return [Path, ...Args!];
  };
  assert.deepEqual(await argvOf({}), ['/entry', 'serve']);
  assert.deepEqual(await argvOf({ Cmd: ['x'] }), ['/entry', 'x']);
  assert.deepEqual(await argvOf({ Entrypoint: ['/own'] }), ['/own']);
  assert.deepEqual(await argvOf({ Entrypoint: [''], Cmd: ['x'] }), ['x']);
  const id = await d.create({ Image: 'full', Env: ['A=mine'], Labels: { a: 'mine' } });
  const { Config, Mounts } = await d.service.inspect(id, { size: false });
  assert.deepEqual(Config?.Env, ['A=mine', 'PATH=/bin']);
  assert.deepEqual(Config?.Labels, { a: 'mine', b: 'image' });
  assert.equal(Config?.WorkingDir, '/app');
  assert.equal(Config?.Hostname, id.slice(0, 12));
  assert.equal(Config?.StopSignal, 'SIGINT');
  assert.deepEqual(Config?.ExposedPorts, { '80/tcp': {} });
  assert.deepEqual(
    Mounts?.map((m) => [m.Type, m.Destination, m.Mode]),
    [['volume', '/data', '']],
  );
});

test('volumes are made, filled from the image once, and recorded as Docker shows them', async () => {
  await using d = await containerDomain();
  d.volumes.filled.add('full');
  await d.volumes.create({ Name: 'full', Driver: 'local' });
  const id = await d.createHost({ Binds: ['nv:/nv', 'full:/full:ro', '/tmp:/t', 'raw:/raw:nocopy'] });
  const { Mounts } = await d.service.inspect(id, { size: false });
  assert.deepEqual(
    Mounts?.map((m) => [m.Type, m.Name, m.Destination, m.Mode, m.RW, m.Propagation]),
    [
      ['volume', 'nv', '/nv', 'z', true, ''],
      ['volume', 'full', '/full', 'ro', false, ''],
      ['bind', undefined, '/t', '', true, 'rprivate'],
      ['volume', 'raw', '/raw', 'nocopy', true, ''],
    ],
  );
  assert.deepEqual(d.copies, [[['/lower'], '/nv', '/volumes/nv/_data']]);
  const heir = await d.createHost({ VolumesFrom: [`${id}:ro`] });
  const inherited = (await d.service.inspect(heir, { size: false })).Mounts;
  assert.deepEqual(
    inherited?.map((m) => [m.Destination, m.RW]),
    [
      ['/nv', false],
      ['/full', false],
      ['/t', false],
      ['/raw', false],
    ],
  );
});

test('a create that fails half-way gives everything back', async () => {
  await using d = await containerDomain();
  d.deps.copyUp = async () => {};
  for (const fail of [
    () => (d.images.prepareFailure = new Error('no space')),
    () => (d.volumes.createFailure = new Error('no driver')),
  ]) {
    fail();
    await assert.rejects(d.createHost({ Mounts: [{ Type: 'volume', Target: '/v' }] }, 'half'));
    d.images.prepareFailure = d.volumes.createFailure = undefined;
    assert.deepEqual(await readdir(join(d.dataRoot, 'containers')), []);
    assert.equal(d.images.rootfs.size, 0);
    assert.equal(d.volumes.volumes.size, 0);
  }
  await d.create({}, 'half');
});

test('inspect shows the defaults of a HostConfig nobody gave', async () => {
  await using d = await containerDomain();
  const { HostConfig: h, State } = await d.service.inspect(await d.createHost({ Memory: 8 << 20 }), { size: false });
  assert.equal(h?.NetworkMode, 'bridge');
  assert.deepEqual(h?.RestartPolicy, { Name: 'no', MaximumRetryCount: 0 });
  assert.equal(h?.ShmSize, 67108864);
  assert.equal(h?.MemorySwap, 16 << 20);
  assert.deepEqual(h?.LogConfig, { Type: 'json-file', Config: {} });
  assert.deepEqual(h?.MaskedPaths, ['/proc/kcore']);
  assert.equal(State?.Status, 'created');
  assert.equal(State?.StartedAt, '0001-01-01T00:00:00Z');
});
