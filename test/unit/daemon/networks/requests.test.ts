import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCreateOptions } from '../../../../packages/daemon/src/networks/create-options.ts';
import { checkEndpointSettings } from '../../../../packages/daemon/src/networks/endpoint-request.ts';
import { concernsAddress, concernsPort } from '../../../../packages/daemon/src/networks/firewall/nftables/flows.ts';
import { networkFilter } from '../../../../packages/daemon/src/networks/inspect.ts';
import { bridgeMac, instanceOf, tableName } from '../../../../packages/daemon/src/networks/instance.ts';
import { newRecord } from '../../../../packages/daemon/src/networks/network.ts';
import { NetworkStore } from '../../../../packages/daemon/src/networks/store.ts';

const bridge = newRecord({ name: 'bridge', driver: 'bridge', predefined: true });
const ipam = { options: undefined, subnet: '10.0.0.0/24', gateway: '10.0.0.1', configured: true };
const mine = newRecord({ name: 'mine', driver: 'bridge', predefined: false, labels: { a: 'b' }, ipam });

test('fixed addresses and aliases need a user-defined network, and the message is that of Docker', () => {
  assert.throws(() => checkEndpointSettings(bridge, { IPAMConfig: { IPv4Address: '172.17.0.9' } }), {
    code: 'InvalidParameter',
    message:
      'invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only',
  });
  assert.throws(() => checkEndpointSettings(bridge, { Aliases: ['x'] }), /network-scoped alias is supported only/);
  assert.equal(checkEndpointSettings(mine, { IPAMConfig: { IPv4Address: '10.0.0.9' } }).address, 0x0a000009);
});

test('a MAC address is written in any usual way; group addresses are refused', () => {
  const mac = (MacAddress: string) => checkEndpointSettings(mine, { MacAddress }).mac;
  assert.equal(mac('02:42:AC:11:00:09'), '02:42:ac:11:00:09');
  assert.equal(mac('02-42-ac-11-00-09'), '02:42:ac:11:00:09');
  for (const bad of ['01:00:00:00:00:01', '00:00:00:00:00:00', '02:42', '02:42:ac:11:00:09:01', 'zz:42:ac:11:00:09'])
    assert.throws(() => mac(bad), /invalid MAC address/, bad);
});

test('a network is refused when its subnet, gateway, range or options make no sense', () => {
  const create = (config: object, options = {}) =>
    parseCreateOptions({ name: 'n', options, ipam: { Driver: 'default', Config: [config] } });
  assert.equal(create({ Subnet: '10.1.0.0/16', Gateway: '10.1.2.3' }).gateway, 0x0a010203);
  for (const bad of [
    { Subnet: '10.1.0.0/31' },
    { Subnet: 'fd00::/64' },
    { Subnet: '10.1.0.0/16', Gateway: '10.2.0.1' },
    { Subnet: '10.1.0.0/16', Gateway: '10.1.255.255' },
    { Subnet: '10.1.0.0/16', IPRange: '10.0.0.0/8' },
    { Subnet: '10.1.0.0/16', AuxiliaryAddresses: { x: '10.2.0.1' } },
    { Gateway: '10.1.0.1' },
  ])
    assert.throws(() => create(bad), { code: 'InvalidParameter' }, JSON.stringify(bad));
  for (const name of ['', '-x', 'a/b', '../x', 'a b'])
    assert.throws(() => parseCreateOptions({ name }), /invalid network name/);
  assert.throws(() => create({}, { 'com.docker.network.bridge.name': 'a/../b' }), /invalid bridge name/);
  assert.throws(() => create({}, { 'com.docker.network.driver.mtu': '20' }), /invalid mtu/);
  assert.throws(() => create({}, { unknown: '1' }), { code: 'NotImplemented' });
});

test('an address with its prefix length names its network, as a subnet and as a range', () => {
  const { subnet, ipamExtras } = parseCreateOptions({
    name: 'n',
    ipam: { Driver: 'default', Config: [{ Subnet: '10.1.0.1/16', IPRange: '10.1.5.7/24' }] },
  });
  assert.deepEqual(subnet, { address: 0x0a010000, prefix: 16 });
  assert.equal(ipamExtras.ipRange, '10.1.5.0/24');
});

test('list filters: values are alternatives, keys must all match, unknown keys are errors', () => {
  const names = (filters: Record<string, string[]>) => {
    const matches = networkFilter(filters);
    return [bridge, mine].filter((record) => matches(record, { used: false })).map(({ name }) => name);
  };
  assert.deepEqual(names({}), ['bridge', 'mine']);
  assert.deepEqual(names({ name: ['rid', 'min'] }), ['bridge', 'mine']);
  assert.deepEqual(names({ name: ['^min$'] }), []);
  assert.deepEqual(names({ type: ['custom'], driver: ['bridge'] }), ['mine']);
  assert.deepEqual(names({ label: ['a=b'] }), ['mine']);
  assert.deepEqual(names({ label: ['a=c'] }), []);
  assert.deepEqual(names({ dangling: ['true'] }), ['mine']);
  assert.throws(() => names({ nope: ['x'] }), { code: 'InvalidParameter', message: "invalid filter 'nope'" });
  assert.throws(() => names({ constructor: ['x'] }), /invalid filter/);
});

test('a UDP flow ends with the port it came through, not with a port of the same number elsewhere', () => {
  const port = { protocol: 'udp', hostAddress: 0, hostPort: 53, containerAddress: 9, containerPort: 53 } as const;
  const tuple = (source: number, destination: number, destinationPort: number) => ({
    protocol: 17,
    source,
    destination,
    sourcePort: 1,
    destinationPort,
  });
  const flow = (original: object, reply: object) => ({ original, reply, identity: Buffer.alloc(0) }) as never;
  assert.ok(concernsPort(flow(tuple(1, 2, 53), tuple(9, 1, 1)), port), 'translated to the container');
  assert.ok(concernsPort(flow(tuple(1, 2, 53), tuple(2, 1, 1)), port), 'began before the port was published');
  assert.ok(!concernsPort(flow(tuple(5, 8, 53), tuple(8, 3, 1)), port), 'masqueraded query of another container');
  assert.ok(!concernsPort(flow(tuple(1, 2, 54), tuple(9, 1, 1)), port), 'another port');
  assert.ok(concernsAddress(flow(tuple(9, 2, 80), tuple(2, 3, 1)), new Set([9])));
});

test('daemons with different data roots share no name in the kernel', () => {
  const [a, b] = [instanceOf('/a'), instanceOf('/b')];
  assert.notEqual(tableName(a), tableName(b));
  assert.match(bridgeMac(a, 'net'), /^02(:[0-9a-f]{2}){5}$/);
  assert.notEqual(bridgeMac(a, 'net'), bridgeMac(b, 'net'));
  assert.equal(bridgeMac(a, 'net'), bridgeMac(instanceOf('/a'), 'net'));
});

test('records come back; temporary files go; a damaged record is reported and left', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tsd-networks-'));
  try {
    const messages: string[] = [];
    const store = new NetworkStore(directory, (_level, message) => messages.push(message));
    await store.save(mine);
    await writeFile(join(directory, `${mine.id}.json.tmp`), '{"half');
    await writeFile(join(directory, `${'f'.repeat(64)}.json`), '{"id":');
    assert.deepEqual(await store.load(), [JSON.parse(JSON.stringify(mine))]);
    assert.deepEqual(messages, ['network record is damaged and ignored']);
    assert.deepEqual((await readdir(directory)).sort(), [`${mine.id}.json`, `${'f'.repeat(64)}.json`].sort());
    await store.remove(mine.id);
    assert.deepEqual(await store.load(), []);
  } finally {
    await rm(directory, { recursive: true });
  }
});
