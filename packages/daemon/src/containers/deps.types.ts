/** What the container domain needs from outside. `daemon.ts` hands it in; verbs take the few members they use. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { EventSink } from '../events/events.ts';
import type { ImageService } from '../images/service.types.ts';
import type { LogInfo } from '../logging/log-info.ts';
import type { NetworkService } from '../networks/service.types.ts';
import type { Runtime, StartRequest } from '../runtime/runtime.ts';
import type { VolumeService } from '../volumes/service.types.ts';
import type { ContainerIndex } from './container-index.ts';
import type { LogChunk, LogOptions } from './service.types.ts';
import type { ContainerStore } from './store.ts';

/** Contents of the files bound over /etc. Pure; implemented in networks/hosts-file.ts and networks/resolv-conf.ts. */
export interface EtcFiles {
  hosts(input: {
    mode: 'host' | 'none' | 'network';
    hostname: string;
    domainname: string;
    extraHosts: string[];
    /** Of the container on its networks; none for host and none. */
    addresses: string[];
    ipv6: boolean;
    hostGateway: string | undefined;
  }): Promise<string>;
  resolvConf(input: {
    mode: 'host' | 'none' | 'bridge' | 'custom';
    dns: string[];
    dnsSearch: string[];
    dnsOptions: string[];
    ipv6: boolean;
  }): Promise<string>;
}

/** `ended` settles when nothing more will be written: a follow then reads the rest and ends. Undefined: already so. */
export interface LogSource {
  path: string;
  format?: 'json-file' | 'local';
  ended?: Promise<unknown>;
}

/** Reads a log, rotated files included, prefixes in place; records in batches. One that does not exist is empty. Implemented in logging/. */
export type ReadLogs = (source: LogSource, opts: LogOptions) => AsyncIterable<LogChunk[]>;

/**
 * Checks a LogConfig and says how the shim writes it; undefined: nothing is kept. Implemented in logging/.
 * @param info of the container, when it starts
 * @throws InvalidParameter; System a tag or pattern that does not parse
 */
export type LogWriterConfig = (
  config: NonNullable<HostConfig['LogConfig']>,
  info?: LogInfo,
) => Omit<NonNullable<StartRequest['log']>, 'path'> | undefined;

/** Compresses rotated log files in the background. Implemented in logging/log-compressor. */
export interface LogCompression {
  /** @param path of the current file */
  compress(id: string, path: string): void;
  /** Nothing is written any more once it resolves. */
  stop(id: string): Promise<void>;
  close(): Promise<void>;
}

/** Sends output on where the log driver sends it; nothing is done for drivers that keep it here. Implemented in logging/forward. */
export interface LogForwarding {
  /** Looks before a start whether the receiver is there. @throws System `failed to initialize logging driver: ...` */
  probe(config: NonNullable<HostConfig['LogConfig']>, info: LogInfo): Promise<void>;
  /** Goes on where the last run or the last daemon was, until `source.ended` and all is sent. */
  follow(source: LogSource, config: NonNullable<HostConfig['LogConfig']>, info: LogInfo): void;
  /** Waits until all is sent, but not longer than that. */
  drain(id: string, limitMillis: number): Promise<void>;
  stop(id: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Fills an empty volume with what the image has at `path`: content, owners and modes.
 * @param layers top layer first @param target the volume's directory
 */
export type CopyUp = (layers: string[], path: string, target: string) => Promise<unknown>;

/**
 * Who `--user` is, by the account files of a root file system.
 * @param layers top first @throws InvalidParameter `unable to find user x: no matching entries in passwd file`
 */
export type UserOf = (layers: readonly string[], user: string) => { uid: number; gid: number };

/** Reports what went wrong where nobody waits for an answer. */
export interface DomainLog {
  warn(message: string, fields: Record<string, unknown>): void;
}

/** `eth0` -> counters, of the network namespace of a process. */
export type InterfaceCounters = (pid: number) => Promise<
  Record<
    string,
    {
      rx_bytes: number;
      rx_packets: number;
      rx_errors: number;
      rx_dropped: number;
      tx_bytes: number;
      tx_packets: number;
      tx_errors: number;
      tx_dropped: number;
    }
  >
>;

export interface ContainersConfig {
  dataRoot: string;
  execRoot: string;
  /** Names accepted in HostConfig.Runtime; the first is the default. */
  runtimes: string[];
  /** Bytes; HostConfig.ShmSize when unset. */
  defaultShmSize: number;
  /** HostConfig.CgroupnsMode when unset; undefined: private on cgroup v2, else host. */
  defaultCgroupnsMode?: 'host' | 'private';
  /** Default: private. */
  defaultIpcMode?: 'private' | 'shareable';
  /** LogConfig of containers that ask for none. */
  logConfig: { type: string; config: Record<string, string> };
  /** DNS settings of containers that have none of their own. */
  dns: string[];
  dnsSearch: string[];
  dnsOptions: string[];
}

export interface ContainersDeps {
  config: ContainersConfig;
  runtime: Runtime;
  images: Pick<
    ImageService,
    | 'means'
    | 'resolve'
    | 'prepareRootfs'
    | 'keepRootfs'
    | 'rootfsOf'
    | 'removeRootfs'
    | 'rootfsUsage'
    | 'driver'
    | 'inspect'
    | 'commit'
  >;
  networks: Pick<NetworkService, 'attach' | 'started' | 'detach' | 'restore' | 'resolve' | 'ipv6' | 'hostGateway'>;
  volumes: Pick<VolumeService, 'create' | 'inspect' | 'acquire' | 'release' | 'remove'>;
  events: EventSink;
  etc: EtcFiles;
  readLogs: ReadLogs;
  logWriterConfig: LogWriterConfig;
  /** Unset: no driver sends anything away. */
  logForwarding?: LogForwarding;
  logCompression?: LogCompression;
  copyUp: CopyUp;
  userOf: UserOf;
  log: DomainLog;
  /** MaskedPaths and ReadonlyPaths that stand in for unset ones; from runtime/spec. */
  systemPaths(hostConfig: HostConfig): { masked: string[]; readonly: string[] };
  interfaceCounters?: InterfaceCounters;
}

/** The deps and what the domain itself keeps; what every verb picks from. */
export interface Domain extends ContainersDeps {
  index: ContainerIndex;
  store: ContainerStore;
}
