/** The drivers that send records away, by name. */
import type { RemoteDriver } from './remote-log.ts';
import { syslogDriver } from './syslog.ts';

export const REMOTE_DRIVERS: ReadonlyMap<string, RemoteDriver> = new Map([['syslog', syslogDriver]]);
