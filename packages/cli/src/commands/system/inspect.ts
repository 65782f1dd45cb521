import { isNotFound } from '@tsdocker/shared/errors.ts';
import type { Cli } from '../../cli.ts';
import { isFromDaemon } from '../../client/errors.ts';
import * as inspect from '../../client/inspect.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { inspectObjects } from '../inspect-objects.ts';

/** In the order in which a name is looked up when --type does not say what it is. */
const KINDS: Readonly<Record<string, inspect.InspectFunction>> = {
  container: inspect.inspectContainer,
  image: inspect.inspectImage,
  network: inspect.inspectNetwork,
  volume: inspect.inspectVolume,
  service: inspect.inspectService,
  task: inspect.inspectTask,
  node: inspect.inspectNode,
  plugin: inspect.inspectPlugin,
  secret: inspect.inspectSecret,
  config: inspect.inspectConfig,
};
const HAS_SIZE = ['container'];

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  summary: 'Show all there is to know of any object',
  flags: [
    OBJECT_FORMAT,
    { name: 'size', short: 's', kind: 'bool', description: 'Count sizes on disk (containers)' },
    { name: 'type', kind: 'string', description: 'Look only for this kind of object' },
  ],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  run: inspectAny,
};

async function inspectAny(cli: Cli, args: string[], flags: Flags): Promise<void> {
  const type = flags.string('type');
  const options = { size: flags.bool('size') };
  if (flags.changed('type') && type === '') throw new StatusError(1, `type is empty: must be one of ${kindNames()}`);
  if (type !== '' && !Object.hasOwn(KINDS, type)) {
    throw new StatusError(1, `unknown type: ${JSON.stringify(type)}: must be one of ${kindNames()}`);
  }
  if (options.size && type !== '' && !HAS_SIZE.includes(type)) {
    cli.stderr.write(`WARNING: --size ignored for ${type}s\n`);
  }
  const fetch = (name: string): Promise<string> =>
    type === '' ? findAny(cli, name, options) : KINDS[type]!(cli.client(), name, options);
  await inspectObjects(cli, args, flags.string('format'), fetch);
}

/** Kinds the daemon does not have (no swarm, no plugins) count as "not there". */
async function findAny(cli: Cli, name: string, options: inspect.InspectOptions): Promise<string> {
  for (const fetch of Object.values(KINDS)) {
    try {
      return await fetch(cli.client(), name, options);
    } catch (err) {
      if (!isNotFound(err) && !isAbsentKind(err)) throw err;
    }
  }
  throw new StatusError(1, `Error: No such object: ${name}`);
}

function isAbsentKind(err: unknown): boolean {
  return (
    isFromDaemon(err) &&
    (err.status === 501 || err.status === 503 || /not a swarm manager|is not supported/.test(err.message))
  );
}

function kindNames(): string {
  return Object.keys(KINDS)
    .sort()
    .map((kind) => JSON.stringify(kind))
    .join(', ');
}
