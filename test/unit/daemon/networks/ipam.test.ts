import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  broadcastOf,
  contains,
  formatAddress,
  formatCidr,
  overlaps,
  parseAddress,
  parseCidr,
} from '../../../../packages/daemon/src/networks/ipam/ipv4.ts';
import { AddressLeases } from '../../../../packages/daemon/src/networks/ipam/leases.ts';
import { chooseSubnet, DEFAULT_POOLS } from '../../../../packages/daemon/src/networks/ipam/pools.ts';

const cidr = (text: string) => {
  const parsed = parseCidr(text)!;
  return { address: parsed.address, prefix: parsed.prefix };
};

test('addresses are dotted decimal and nothing else', () => {
  assert.equal(parseAddress('255.255.255.255'), 0xffffffff);
  assert.equal(formatAddress(0xc0000201), '192.0.2.1');
  for (const bad of ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.-4', '1.2.3.4 ', '::1', '0x1.2.3.4'])
    assert.equal(parseAddress(bad), undefined, bad);
});

test('prefixes lose their host bits and keep the address they were given with', () => {
  assert.deepEqual(parseCidr('172.17.0.9/16'), { address: 0xac110000, prefix: 16, host: 0xac110009 });
  assert.equal(formatCidr(cidr('10.1.2.3/8')), '10.0.0.0/8');
  assert.equal(formatAddress(broadcastOf(cidr('192.168.16.0/20'))), '192.168.31.255');
  for (const bad of ['1.2.3.4', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/-1', '/8']) assert.equal(parseCidr(bad), undefined);
});

test('overlap is symmetric, whatever is larger', () => {
  assert.ok(overlaps(cidr('172.16.0.0/12'), cidr('172.17.0.0/16')));
  assert.ok(overlaps(cidr('172.17.0.0/16'), cidr('172.16.0.0/12')));
  assert.ok(!overlaps(cidr('172.17.0.0/16'), cidr('172.18.0.0/16')));
  assert.ok(contains(cidr('0.0.0.0/0'), 0xffffffff));
});

test('the pools are cut in order and what is in use is skipped', () => {
  const choose = (...used: string[]) => formatCidr(chooseSubnet(used.map(cidr))!);
  assert.equal(choose(), '172.17.0.0/16');
  assert.equal(choose('172.17.5.0/24'), '172.18.0.0/16');
  assert.equal(choose('172.16.0.0/12'), '192.168.0.0/20');
  assert.equal(choose('172.16.0.0/12', '192.168.0.0/22'), '192.168.16.0/20');
  assert.equal(chooseSubnet([cidr('172.16.0.0/12'), cidr('192.168.0.0/16')], DEFAULT_POOLS), undefined);
});

test('addresses are given in a row, a freed one comes last, the gateway never', () => {
  const leases = new AddressLeases(cidr('10.0.0.0/29'), { reserved: [0x0a000001] });
  assert.deepEqual([leases.allocate(), leases.allocate()], [0x0a000002, 0x0a000003]);
  leases.release(0x0a000002);
  assert.deepEqual([leases.allocate(), leases.allocate(), leases.allocate()], [0x0a000004, 0x0a000005, 0x0a000006]);
  assert.equal(leases.allocate(), 0x0a000002);
  assert.equal(leases.allocate(), undefined);
  assert.deepEqual(leases.usage(), { inUse: 8, available: 0 });
});

test('a fixed address is taken once, and only inside the subnet', () => {
  const leases = new AddressLeases(cidr('10.0.0.0/24'), { range: cidr('10.0.0.64/30'), reserved: [0x0a000001] });
  assert.ok(leases.take(0x0a0000c8));
  assert.ok(!leases.take(0x0a0000c8));
  assert.ok(!leases.take(0x0a000001));
  assert.ok(!leases.take(0x0a0000ff), 'broadcast');
  assert.ok(!leases.take(0x0a000101), 'outside');
  assert.equal(leases.allocate(), 0x0a000040, 'automatic ones come from the range');
});
