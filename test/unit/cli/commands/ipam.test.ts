import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipamConfigs } from '../../../../packages/cli/src/commands/network/ipam.ts';

const configs = (given: Partial<Parameters<typeof ipamConfigs>[0]>) =>
  ipamConfigs({ subnets: [], ranges: [], gateways: [], auxiliary: {}, ...given });

test('ranges, gateways and reserved addresses find their subnet', () => {
  const given = {
    subnets: ['10.1.0.0/16', '10.2.0.0/16', 'fd00::/64'],
    ranges: ['10.2.4.0/24'],
    gateways: ['10.2.0.9', '10.1.0.1', 'fd00::9'],
    auxiliary: { a: '10.1.0.7', b: '10.1.0.8' },
  };
  assert.deepEqual(configs(given), [
    { Subnet: '10.1.0.0/16', Gateway: '10.1.0.1', AuxiliaryAddresses: { a: '10.1.0.7', b: '10.1.0.8' } },
    { Subnet: '10.2.0.0/16', IPRange: '10.2.4.0/24', Gateway: '10.2.0.9' },
    { Subnet: 'fd00::/64', Gateway: 'fd00::9' },
  ]);
});

const refused: [string, Parameters<typeof configs>[0], RegExp][] = [
  [
    'a gateway without a subnet',
    { gateways: ['10.1.0.1'] },
    /^every ip-range or gateway must have a corresponding subnet$/,
  ],
  ['subnets that overlap', { subnets: ['10.1.0.0/16', '10.1.2.0/24'] }, /^multiple overlapping subnet configuration/],
  [
    'a range of no subnet',
    { subnets: ['10.1.0.0/16'], ranges: ['10.9.0.0/24'] },
    /^no matching subnet for range 10.9.0.0\/24$/,
  ],
  [
    'a gateway of no subnet',
    { subnets: ['10.1.0.0/16'], gateways: ['10.9.0.1'] },
    /^no matching subnet for gateway 10.9.0.1$/,
  ],
  [
    'an address of no subnet',
    { subnets: ['10.1.0.0/16'], auxiliary: { a: '10.9.0.1' } },
    /^no matching subnet for aux-address/,
  ],
];
for (const [name, given, message] of refused)
  test(`${name} is refused`, () => {
    assert.throws(() => configs(given), { message });
  });

test('two gateways of one subnet are refused', () => {
  const given = { subnets: ['10.1.0.0/16', '10.2.0.0/16'], gateways: ['10.1.0.1', '10.1.0.2'] };
  assert.throws(() => configs(given), /cannot configure multiple gateways/);
});
