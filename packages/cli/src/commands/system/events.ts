import { executeTemplate } from '@tsdocker/shared/template/execute.ts';
import { TEMPLATE_FUNCTIONS } from '@tsdocker/shared/template/functions.ts';
import { jsonText, Struct } from '@tsdocker/shared/template/values.ts';
import type { EventMessage } from '@tsdocker/shared/types/events.ts';
import type { Cli } from '../../cli.ts';
import { systemEvents } from '../../client/system.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { parseFormat } from '../../format/format.ts';
import { rfc3339Nanos } from '../../format/times.ts';
import { StatusError } from '../../status-error.ts';
import { filterFlag, filtersOf } from '../filter-flag.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { toApiTime } from '../time-arguments.ts';

const EXIT_BAD_TEMPLATE = 64;

export const command: CommandSpec = {
  name: 'events',
  usage: '[OPTIONS]',
  summary: 'Print what happens, as it happens',
  flags: [
    filterFlag('Print only what matches'),
    { name: 'format', kind: 'string', description: OBJECT_FORMAT.description },
    { name: 'since', kind: 'string', description: 'From this time' },
    { name: 'until', kind: 'string', description: 'Up to this time, then end' },
  ],
  args: { min: 0, max: 0 },
  run: events,
};

async function events(cli: Cli, _args: string[], flags: Flags): Promise<void> {
  const show = formatter(flags.string('format'));
  const stream = await systemEvents(cli.client(), {
    since: flags.string('since') && toApiTime(flags.string('since')),
    until: flags.string('until') && toApiTime(flags.string('until')),
    filters: filtersOf(flags),
  });
  for await (const event of stream) cli.stdout.write(`${show(event)}\n`);
}

function formatter(format: string): (event: EventMessage) => string {
  if (format === '') return eventLine;
  if (format === 'json') return jsonText;
  const template = parseFormat(format, 'Error parsing format: ', EXIT_BAD_TEMPLATE);
  return (event) => {
    try {
      return executeTemplate(template, asGoStruct(event), { functions: TEMPLATE_FUNCTIONS });
    } catch (err) {
      throw new StatusError(1, (err as Error).message);
    }
  };
}

/** Go's names of the fields, some of which the JSON writes small. */
function asGoStruct(event: EventMessage): Struct {
  const { scope = '', time = 0, timeNano = 0, ...rest } = event;
  const { id = '', status = '', from = '', ...named } = rest as Record<string, unknown>;
  const old = { ID: id, Status: status, From: from };
  return new Struct('*events.Message', { ...named, ...old, Scope: scope, Time: time, TimeNano: timeNano });
}

/** `2023-11-14T22:13:20.123456789Z container start ID (image=alpine:3, name=web)` */
function eventLine(event: EventMessage): string {
  const attributes = event.Actor?.Attributes ?? {};
  const pairs = Object.keys(attributes)
    .sort()
    .map((key) => `${key}=${attributes[key]}`);
  const details = pairs.length > 0 ? ` (${pairs.join(', ')})` : '';
  return `${eventTime(event)}${event.Type ?? ''} ${event.Action ?? ''} ${event.Actor?.ID ?? ''}${details}`;
}

/** Nanoseconds since the epoch do not fit a double: the part below a second is taken from their last nine digits. */
function eventTime({ time, timeNano }: EventMessage): string {
  if (!time && !timeNano) return '';
  const nanos = typeof timeNano === 'bigint' ? (timeNano as bigint) : BigInt(Math.trunc(timeNano ?? (time ?? 0) * 1e9));
  return `${rfc3339Nanos(nanos)} `;
}
