/** What a driver is that sends records away; one file each beside this one. */
import type { LogInfo } from '../log-info.ts';
import type { LogRecord } from '../log-record.ts';
import type { DatagramCalls } from './datagrams.ts';

type Options = Readonly<Record<string, string>>;

/** What drivers need of the machine the daemon runs on. */
export interface LogHost {
  datagrams: DatagramCalls;
  /** Where the journal takes entries. */
  journalSocket: string;
  /** Where syslog may be when no address is given, the first that is there. */
  syslogSockets: readonly string[];
}

export interface RemoteLog {
  /** Resolves when the kernel has taken them all. A rejection means that the connection is of no use any more. */
  send(records: readonly LogRecord[]): Promise<void>;
  close(): void;
}

export interface RemoteDriver {
  /** Names that --log-opt may have besides those of the cache. */
  readonly options: readonly string[];
  /** At create. @throws Error in docker's words */
  check(options: Options): void;
  /** Connects. @throws Error `dial tcp 127.0.0.1:1: connect: connection refused`, or what is wrong with the tag */
  open(options: Options, info: LogInfo, host: LogHost): Promise<RemoteLog>;
}
