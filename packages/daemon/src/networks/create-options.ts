/** Checks the body of NetworkCreate. Pure. @see Engine API `NetworkCreate` */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { invalidRequest } from './errors.ts';
import { broadcastOf, type Cidr, contains, formatCidr, parseAddress, parseCidr } from './ipam/ipv4.ts';
import { OPTION } from './network.ts';
import type { NetworkCreateOptions } from './service.types.ts';
import type { NetworkIpam } from './store.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** An interface name: 15 bytes, no slash or space. */
const INTERFACE_NAME = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;
const KNOWN_OPTIONS: readonly string[] = Object.values(OPTION);

export interface ParsedCreate {
  name: string;
  driver: 'bridge';
  internal: boolean;
  attachable: boolean;
  options: Record<string, string>;
  labels: Record<string, string>;
  subnet: Cidr | undefined;
  gateway: number | undefined;
  ipamExtras: Partial<NetworkIpam>;
}

/** @throws InvalidParameter; NotFound unknown driver; NotImplemented IPv6 or another IPAM driver */
export function parseCreateOptions(request: NetworkCreateOptions): ParsedCreate {
  if (!NAME.test(request.name) || request.name.length > 128)
    throw invalidRequest(`invalid network name: ${JSON.stringify(request.name)}`);
  const driver = request.driver || 'bridge';
  if (driver === 'host' || driver === 'null')
    throw new DockerError('Forbidden', `only one instance of "${driver}" network is allowed`);
  if (driver !== 'bridge') throw new DockerError('NotFound', `could not find plugin ${driver} in v1 plugin registry`);
  if (request.enableIPv6) throw new DockerError('NotImplemented', 'IPv6 networks are not supported');
  checkOptions(request.options ?? {});
  return {
    name: request.name,
    driver,
    internal: request.internal ?? false,
    attachable: request.attachable ?? false,
    options: request.options ?? {},
    labels: request.labels ?? {},
    ...parseIpam(request),
  };
}

function checkOptions(options: Record<string, string>): void {
  const unknown = Object.keys(options).find((key) => !KNOWN_OPTIONS.includes(key));
  if (unknown) throw new DockerError('NotImplemented', `network option ${unknown} is not supported`);
  const name = options[OPTION.name];
  if (name !== undefined && !INTERFACE_NAME.test(name)) throw invalidRequest(`invalid bridge name: ${name}`);
  const mtu = options[OPTION.mtu];
  const bytes = Number(mtu);
  if (mtu !== undefined && !(Number.isInteger(bytes) && bytes >= 68 && bytes <= 65535))
    throw invalidRequest(`invalid mtu: ${mtu}`);
  const binding = options[OPTION.hostBinding];
  if (binding !== undefined && parseAddress(binding) === undefined)
    throw invalidRequest(`invalid host binding address: ${binding}`);
}

function parseIpam(request: NetworkCreateOptions): Pick<ParsedCreate, 'subnet' | 'gateway' | 'ipamExtras'> {
  const { ipam } = request;
  if (ipam?.Driver && ipam.Driver !== 'default')
    throw new DockerError('NotImplemented', `IPAM driver ${ipam.Driver} is not supported`);
  const configs = ipam?.Config ?? [];
  if (configs.length > 1) throw new DockerError('NotImplemented', 'networks with several subnets are not supported');
  const options = ipam?.Options;
  const config = configs[0];
  if (!config?.Subnet) {
    if (config?.Gateway || config?.IPRange) throw invalidRequest('invalid network config:\ninvalid subnet : no subnet');
    return { subnet: undefined, gateway: undefined, ipamExtras: { options } };
  }
  const subnet = parseSubnet(config.Subnet);
  return {
    subnet,
    gateway: config.Gateway ? addressIn(subnet, config.Gateway, 'gateway') : undefined,
    ipamExtras: {
      options,
      configured: true,
      ...(config.IPRange ? { ipRange: checkRange(subnet, config.IPRange) } : {}),
      ...auxiliary(subnet, config.AuxiliaryAddresses ?? {}),
    },
  };
}

function parseSubnet(value: string): Cidr {
  const parsed = parseCidr(value);
  if (!parsed) throw invalidRequest(`invalid network config:\ninvalid subnet ${value}: invalid CIDR block notation`);
  if (parsed.prefix > 30 || parsed.prefix < 8)
    throw invalidRequest(`invalid network config:\ninvalid subnet ${value}: it must be /8 to /30`);
  // People type an address of the network, `10.0.0.1/24`: the network is meant.
  return { address: parsed.address, prefix: parsed.prefix };
}

function addressIn(subnet: Cidr, value: string, what: string): number {
  const address = parseAddress(value);
  const usable = address !== undefined && contains(subnet, address) && address !== subnet.address;
  if (!usable || address === broadcastOf(subnet))
    throw invalidRequest(`invalid network config:\ninvalid ${what} ${value}: it is no host address of the subnet`);
  return address;
}

function checkRange(subnet: Cidr, value: string): string {
  const range = parseCidr(value);
  if (!range || range.prefix < subnet.prefix || !contains(subnet, range.address))
    throw invalidRequest(`invalid network config:\ninvalid ip-range ${value}: parent subnet does not contain it`);
  return formatCidr(range);
}

function auxiliary(subnet: Cidr, values: Record<string, string>): Partial<NetworkIpam> {
  for (const value of Object.values(values)) addressIn(subnet, value, 'auxiliary address');
  return Object.keys(values).length > 0 ? { auxiliaryAddresses: values } : {};
}
