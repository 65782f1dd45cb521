import type { VolumeCreateRequest } from '@tsdocker/shared/types/volume.ts';
import type { Cli } from '../../cli.ts';
import { volumeCreate } from '../../client/volume.ts';
import type { CommandSpec, FlagSpec, Flags } from '../../command.ts';
import { parseBytes } from '../../flags/bytes.ts';
import { StatusError } from '../../status-error.ts';

/** Make a cluster volume together with `type`; the daemon says whether it has any. */
const CLUSTER_FLAGS: FlagSpec[] = [
  { name: 'availability', kind: 'string', default: 'active', description: 'active, pause or drain', since: '1.42' },
  { name: 'group', kind: 'string', description: 'Group of the cluster volume', since: '1.42' },
  {
    name: 'limit-bytes',
    kind: 'custom',
    valueName: 'bytes',
    description: 'Largest size',
    parse: parseBytes,
    since: '1.42',
  },
  {
    name: 'required-bytes',
    kind: 'custom',
    valueName: 'bytes',
    description: 'Smallest size',
    parse: parseBytes,
    since: '1.42',
  },
  {
    name: 'scope',
    kind: 'string',
    default: 'single',
    description: 'Nodes that may use it: single or multi',
    since: '1.42',
  },
  { name: 'secret', kind: 'list', valueName: 'map', description: 'Secret of the cluster volume', since: '1.42' },
  { name: 'sharing', kind: 'string', default: 'none', description: 'none, readonly, onewriter or all', since: '1.42' },
  { name: 'topology-preferred', kind: 'list', description: 'Where it had better be', since: '1.42' },
  { name: 'topology-required', kind: 'list', description: 'Where it must be reachable', since: '1.42' },
  { name: 'type', kind: 'string', default: 'block', description: 'mount or block', since: '1.42' },
];

export const command: CommandSpec = {
  name: 'create',
  usage: '[OPTIONS] [VOLUME]',
  summary: 'Make a volume',
  flags: [
    { name: 'driver', short: 'd', kind: 'string', default: 'local', description: 'Driver that keeps it' },
    { name: 'label', kind: 'list', description: 'Label of the volume' },
    { name: 'name', kind: 'string', hidden: true, description: 'Name of the volume' },
    { name: 'opt', short: 'o', kind: 'list', valueName: 'map', description: 'Option of the driver' },
    ...CLUSTER_FLAGS,
  ],
  args: { min: 0, max: 1 },
  run: create,
};

async function create(cli: Cli, args: string[], flags: Flags): Promise<void> {
  if (args[0] !== undefined && flags.changed('name')) {
    throw new StatusError(
      1,
      'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
    );
  }
  const cluster = CLUSTER_FLAGS.find(({ name }) => flags.changed(name));
  if (cluster) {
    throw new StatusError(
      1,
      `--${cluster.name} is for cluster volumes, which need a swarm; this client makes local volumes`,
    );
  }
  const body: VolumeCreateRequest = {
    Name: args[0] ?? flags.string('name'),
    Driver: flags.string('driver'),
    DriverOpts: toMap(flags.list('opt')),
    Labels: toMap(flags.list('label')),
  };
  const { Name } = await volumeCreate(cli.client(), body);
  cli.stdout.write(`${Name}\n`);
}

/** `k=v` to members; without `=` the value is empty. */
function toMap(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
