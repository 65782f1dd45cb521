import type { NetworkSummary } from '@tsdocker/shared/types/network.ts';
import { networkList } from '../../client/network.ts';
import type { CommandSpec } from '../../command.ts';
import { type Columns, type Row, writeRows } from '../../format/format.ts';
import { labelMethod, labelsText, shortId } from '../../format/text.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';
import { LIST_FORMAT, NO_TRUNC } from '../format-flag.ts';

const COLUMNS: Columns = {
  typeName: '*network.networkContext',
  headers: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
  defaultTable: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
  quiet: '{{.ID}}',
};

export const command: CommandSpec = {
  name: 'ls',
  aliases: ['list'],
  usage: '[OPTIONS]',
  summary: 'List networks',
  flags: [
    filterFlag('Show only what matches (`driver=bridge`)'),
    LIST_FORMAT,
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print ids only' },
  ],
  args: { min: 0, max: 0 },
  async run(cli, _args, flags) {
    const quiet = flags.bool('quiet');
    const networks = await networkList(cli.client(), filtersOf(flags));
    networks.sort((a, b) => ((a.Name ?? '') < (b.Name ?? '') ? -1 : 1));
    const rows = networks.map((network) => networkRow(network, !flags.bool('no-trunc')));
    const format = flags.string('format') || (quiet ? '' : (cli.config().networksFormat ?? ''));
    writeRows(cli.stdout, COLUMNS, rows, { format, quiet });
  },
};

function networkRow(network: NetworkSummary, truncate: boolean): Row {
  const { EnableIPv4 = false } = network as { EnableIPv4?: boolean };
  return {
    ID: truncate ? shortId(network.Id ?? '') : (network.Id ?? ''),
    Name: network.Name ?? '',
    Driver: network.Driver ?? '',
    Scope: network.Scope ?? '',
    IPv4: String(EnableIPv4),
    IPv6: String(network.EnableIPv6 ?? false),
    Internal: String(network.Internal ?? false),
    Labels: () => labelsText(network.Labels),
    Label: labelMethod(network.Labels),
    CreatedAt: () => createdText(network.Created ?? ''),
  };
}

/** As Go prints a time with nanoseconds, in the zone it came in. */
function createdText(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (!match) return text;
  const [, day, time, zone = 'Z'] = match;
  const offset = zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`;
  return `${day} ${time} ${offset}`;
}
