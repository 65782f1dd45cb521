import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { portMap, portsOfMap } from '../../../../packages/daemon/src/networks/endpoints.ts';
import { planPorts } from '../../../../packages/daemon/src/networks/port-requests.ts';
import { PortTable } from '../../../../packages/daemon/src/networks/ports.ts';

const demand = (portBindings: object, exposedPorts: string[] = [], publishAll = false) => ({
  portBindings: portBindings as Record<string, { HostIp?: string; HostPort?: string }[]>,
  exposedPorts,
  publishAll,
});

/** Binds like a host on which the ports of `foreign` are in use. */
function fakeHost(foreign: number[] = []) {
  const bound: string[] = [];
  const bindPort = (where: { protocol: string; address: string; port: number }): number => {
    if (foreign.includes(where.port)) throw Object.assign(new Error('in use'), { errno: 98, code: 'EADDRINUSE' });
    bound.push(`${where.address}:${where.port}/${where.protocol}`);
    return openSync('/dev/null', 'r');
  };
  return { bound, bindPort };
}

test('exposed ports are shown and only published with publishAll', () => {
  const plain = planPorts(demand({ '80/tcp': [{ HostPort: '8080' }] }, ['80/tcp', '443']), 0);
  assert.deepEqual(plain.keys, ['80/tcp', '443/tcp']);
  assert.equal(plain.requests.length, 1);
  const all = planPorts(demand({ '80/tcp': [{ HostPort: '8080' }] }, ['80/tcp', '443/udp'], true), 0);
  assert.deepEqual(
    all.requests.map((request) => [request.key, request.firstHostPort]),
    [
      ['80/tcp', 8080],
      ['443/udp', 0],
    ],
  );
});

test('malformed ports and addresses are refused', () => {
  for (const spec of ['80/xyz', '0/tcp', '65536/tcp', 'x/tcp', '80/tcp/udp', '-1', ''])
    assert.throws(() => planPorts(demand({ [spec]: [{ HostPort: '1' }] }), 0), /invalid port specification/, spec);
  for (const HostPort of ['65536', '9-8', '1-2-3', 'a'])
    assert.throws(() => planPorts(demand({ '80/tcp': [{ HostPort }] }), 0), /invalid port specification/, HostPort);
  assert.throws(() => planPorts(demand({ '80/tcp': [{ HostIp: '1.2.3' }] }), 0), /invalid IP address: 1.2.3/);
  assert.throws(() => planPorts(demand({ '80/tcp': [{ HostIp: '::1' }] }), 0), /network has no IPv6/);
});

test("another container's port is refused in Docker's words, and nothing stays reserved", () => {
  const table = new PortTable(fakeHost());
  const one = planPorts(demand({ '80/tcp': [{ HostPort: '8080' }] }), 0).requests;
  const first = table.reserve(one, 1);
  const two = planPorts(demand({ '81/tcp': [{ HostPort: '8081' }], '90/tcp': [{ HostPort: '8080' }] }), 0).requests;
  assert.throws(() => table.reserve(two, 2), /^PortError: Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/);
  table.release(first.ports);
  assert.equal(table.reserve(two, 2).ports.length, 2, '8081 was given back and 8080 is free again');
});

test('a port of another program on the host is refused; a range goes on to the next', () => {
  const host = fakeHost([8000]);
  const table = new PortTable(host);
  const fixed = planPorts(demand({ '80/tcp': [{ HostPort: '8000' }] }), 0).requests;
  assert.throws(() => table.reserve(fixed, 1), {
    message: 'failed to bind host port 0.0.0.0:8000/tcp: address already in use',
  });
  const range = planPorts(demand({ '80/tcp': [{ HostPort: '8000-8002' }] }), 0).requests;
  assert.equal(table.reserve(range, 1).ports[0]?.hostPort, 8001);
  assert.equal(table.reserve(range, 1).ports[0]?.hostPort, 8002);
  assert.throws(() => table.reserve(range, 1), /address already in use|all ports are allocated/);
});

test('the same port on two addresses, or for two protocols, is no conflict; any address conflicts with one', () => {
  const table = new PortTable(fakeHost());
  const reserve = (HostIp: string, key = '80/tcp') =>
    table.reserve(planPorts(demand({ [key]: [{ HostIp, HostPort: '80' }] }), 0).requests, 1);
  reserve('127.0.0.1');
  reserve('192.0.2.1');
  reserve('', '80/udp');
  assert.throws(() => reserve(''), /Bind for 0.0.0.0:80 failed/);
  assert.throws(() => reserve('127.0.0.1'), /Bind for 127.0.0.1:80 failed/);
});

test('ephemeral ports come from the range of the kernel, one after the other', () => {
  const table = new PortTable(fakeHost([32768]));
  const any = planPorts(demand({ '80/tcp': [{}] }), 0).requests;
  const [first] = table.reserve(any, 1).ports;
  const [second] = table.reserve(any, 1).ports;
  assert.ok(first!.hostPort >= 1024 && first!.hostPort !== 32768);
  assert.equal(second!.hostPort, first!.hostPort + 1);
});

test('the ports of an inspect are the ports a restarted daemon restores', () => {
  const table = new PortTable(fakeHost());
  const bindings = {
    '80/tcp': [{ HostPort: '8080' }, { HostIp: '127.0.0.1', HostPort: '8081' }],
    '53/udp': [{ HostPort: '53' }],
  };
  const plan = planPorts(demand(bindings, ['99/tcp']), 0);
  const { ports } = table.reserve(plan.requests, 7);
  const map = portMap(plan.keys, ports);
  assert.equal(map['99/tcp'], null);
  const order = (list: typeof ports) => list.map((port) => JSON.stringify(port, Object.keys(port).sort())).sort();
  assert.deepEqual(order(portsOfMap(map, 7)), order(ports));
});
