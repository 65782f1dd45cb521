/** The drivers that send records away, by name. */
import { fluentdDriver } from './fluentd.ts';
import { gelfDriver } from './gelf.ts';
import { journaldDriver } from './journald.ts';
import type { RemoteDriver } from './remote-log.ts';
import { syslogDriver } from './syslog.ts';

export const REMOTE_DRIVERS: ReadonlyMap<string, RemoteDriver> = new Map([
  ['fluentd', fluentdDriver],
  ['gelf', gelfDriver],
  ['journald', journaldDriver],
  ['syslog', syslogDriver],
]);
