/** Which range, gateway and reserved address belongs to which subnet of `network create`. */
import { BlockList, isIP } from 'node:net';
import type { IPAM } from '@tsdocker/shared/types/network.ts';

export interface IpamFlags {
  subnets: readonly string[];
  ranges: readonly string[];
  gateways: readonly string[];
  /** Name to address. */
  auxiliary: Readonly<Record<string, string>>;
}

type Config = NonNullable<IPAM['Config']>[number];

/** One entry a subnet, in the order given. @throws Error in docker's words */
export function ipamConfigs(flags: IpamFlags): Config[] {
  const { subnets, ranges, gateways, auxiliary } = flags;
  if (subnets.length < ranges.length || subnets.length < gateways.length)
    throw new Error('every ip-range or gateway must have a corresponding subnet');
  const configs = subnets.map((Subnet, i): Config => {
    if (subnets.some((other, j) => j < i && overlap(other, Subnet)))
      throw new Error('multiple overlapping subnet configuration is not supported');
    return { Subnet };
  });
  const home = (address: string) => configs.find(({ Subnet = '' }) => inside(Subnet, address));
  for (const range of ranges) {
    const config = home(range.split('/')[0] as string);
    if (!config) throw new Error(`no matching subnet for range ${range}`);
    if (config.IPRange)
      throw new Error(
        `cannot configure multiple ranges (${range}, ${config.IPRange}) on the same subnet (${config.Subnet})`,
      );
    config.IPRange = range;
  }
  for (const gateway of gateways) {
    const config = home(gateway);
    if (!config) throw new Error(`no matching subnet for gateway ${gateway}`);
    if (config.Gateway)
      throw new Error(
        `cannot configure multiple gateways (${gateway}, ${config.Gateway}) for the same subnet (${config.Subnet})`,
      );
    config.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const config = home(address);
    if (!config) throw new Error(`no matching subnet for aux-address ${address}`);
    config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
  }
  return configs;
}

function listOf(cidr: string): BlockList | undefined {
  const [address = '', prefix = ''] = cidr.split('/');
  const family = isIP(address);
  const bits = Number(prefix);
  if (family === 0 || prefix === '' || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32))
    throw new Error(`invalid subnet ${cidr} : invalid CIDR address: ${cidr}`);
  const block = new BlockList();
  block.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  return block;
}

function inside(cidr: string, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && (listOf(cidr)?.check(address, family === 6 ? 'ipv6' : 'ipv4') ?? false);
}

function overlap(a: string, b: string): boolean {
  return inside(a, b.split('/')[0] as string) || inside(b, a.split('/')[0] as string);
}
