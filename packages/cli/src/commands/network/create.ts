import type { IPAM } from '@tsdocker/shared/types/network.ts';
import { networkCreate } from '../../client/network.ts';
import type { CommandSpec, FlagSpec, Flags } from '../../command.ts';
import { checkLabel, toMap } from '../../flags/label.ts';
import { StatusError } from '../../status-error.ts';
import { ipamConfigs } from './ipam.ts';

const list = (name: string, valueName: string, description: string, short?: string): FlagSpec => ({
  name,
  kind: 'list',
  valueName,
  description,
  ...(short && { short }),
});

export const command: CommandSpec = {
  name: 'create',
  usage: '[OPTIONS] NETWORK',
  summary: 'Make a network',
  flags: [
    { name: 'attachable', kind: 'bool', description: 'Let containers of no service attach', since: '1.25' },
    list('aux-address', 'map', 'Addresses the daemon must not give to containers (`name=address`)'),
    { name: 'config-from', kind: 'string', description: 'Network to copy the configuration from', since: '1.30' },
    { name: 'config-only', kind: 'bool', description: 'Make a configuration only', since: '1.30' },
    { name: 'driver', short: 'd', kind: 'string', default: 'bridge', description: 'Driver of the network' },
    list('gateway', 'ipSlice', 'IPv4 or IPv6 gateway of the subnet'),
    { name: 'ingress', kind: 'bool', description: "Make swarm's routing-mesh network", since: '1.29' },
    { name: 'internal', kind: 'bool', description: 'No way out of the network' },
    list('ip-range', 'ipNetSlice', 'Part of the subnet that containers get addresses from'),
    { name: 'ipam-driver', kind: 'string', default: 'default', description: 'Driver that manages addresses' },
    list('ipam-opt', 'map', 'Options of that driver'),
    { name: 'ipv4', kind: 'bool', default: true, description: 'Give containers IPv4 addresses', since: '1.48' },
    { name: 'ipv6', kind: 'bool', description: 'Give containers IPv6 addresses' },
    list('label', 'list', 'Set metadata on the network'),
    list('opt', 'map', 'Options of the driver', 'o'),
    { name: 'scope', kind: 'string', description: 'Scope of the network', since: '1.30' },
    list('subnet', 'strings', 'Subnet in CIDR format'),
  ],
  args: { min: 1, max: 1 },
  async run(cli, [Name = ''], flags) {
    const configFrom = flags.string('config-from');
    const { Id, Warning } = await networkCreate(cli.client(), {
      Name,
      Driver: flags.string('driver'),
      ...(flags.string('scope') && { Scope: flags.string('scope') }),
      ...(flags.changed('ipv4') && { EnableIPv4: flags.bool('ipv4') }),
      ...(flags.changed('ipv6') && { EnableIPv6: flags.bool('ipv6') }),
      Internal: flags.bool('internal'),
      Attachable: flags.bool('attachable'),
      Ingress: flags.bool('ingress'),
      ConfigOnly: flags.bool('config-only'),
      ...(configFrom && { ConfigFrom: { Network: configFrom } }),
      IPAM: ipamOf(flags),
      Options: toMap(flags.list('opt')),
      Labels: toMap(flags.list('label').map(checkLabel)),
    });
    if (Warning) cli.stderr.write(`WARNING: ${Warning}\n`);
    cli.stdout.write(`${Id}\n`);
  },
};

function ipamOf(flags: Flags): IPAM {
  try {
    return {
      Driver: flags.string('ipam-driver'),
      Options: toMap(flags.list('ipam-opt')),
      Config: ipamConfigs({
        subnets: flags.list('subnet').flatMap((value) => value.split(',')),
        ranges: flags.list('ip-range').flatMap((value) => value.split(',')),
        gateways: flags.list('gateway').flatMap((value) => value.split(',')),
        auxiliary: toMap(flags.list('aux-address')),
      }),
    };
  } catch (err) {
    throw new StatusError(1, (err as Error).message);
  }
}
