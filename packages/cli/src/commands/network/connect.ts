import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';
import { networkConnect } from '../../client/network.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { parseIp } from '../../flags/ip.ts';
import { checkLink } from '../../flags/link.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'connect',
  usage: '[OPTIONS] NETWORK CONTAINER',
  summary: 'Put a container on a network',
  flags: [
    { name: 'alias', kind: 'list', valueName: 'strings', description: 'Further name of the container on this network' },
    { name: 'driver-opt', kind: 'list', valueName: 'strings', description: 'Option for the driver', since: '1.32' },
    { name: 'gw-priority', kind: 'int', description: 'Highest one gives the default gateway', since: '1.48' },
    { name: 'ip', kind: 'custom', valueName: 'ip', description: 'IPv4 address (172.30.100.104)', parse: parseIp },
    { name: 'ip6', kind: 'custom', valueName: 'ip', description: 'IPv6 address (2001:db8::33)', parse: parseIp },
    { name: 'link', kind: 'list', description: 'Container that gets a name here', parse: checkLink },
    {
      name: 'link-local-ip',
      kind: 'list',
      valueName: 'ipSlice',
      description: 'Link-local address of the container',
      parse: (text) => text.split(',').map(parseIp).join(','),
    },
  ],
  args: { min: 2, max: 2 },
  async run(cli, [network = '', container = ''], flags) {
    await networkConnect(cli.client(), network, { Container: container, EndpointConfig: endpointOf(flags) });
  },
};

/** Aliases, driver options and link-local addresses may stand in one flag, with commas. */
function endpointOf(flags: Flags): EndpointSettings {
  const parts = (name: string): string[] => flags.list(name).flatMap((value) => value.split(','));
  const links = flags.list('link');
  const [ipv4, ipv6] = [flags.custom<string>('ip'), flags.custom<string>('ip6')];
  const linkLocal = parts('link-local-ip');
  return {
    IPAMConfig: {
      ...(ipv4 && { IPv4Address: ipv4 }),
      ...(ipv6 && { IPv6Address: ipv6 }),
      ...(linkLocal.length > 0 && { LinkLocalIPs: linkLocal }),
    },
    ...(links.length > 0 && { Links: links }),
    Aliases: parts('alias'),
    DriverOpts: driverOptions(parts('driver-opt')),
    GwPriority: flags.number('gw-priority'),
  };
}

/** @throws StatusError an option is not `key=value` */
function driverOptions(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const at = value.indexOf('=');
      if (at < 1) throw new StatusError(1, 'invalid key/value pair format in driver options');
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
}
