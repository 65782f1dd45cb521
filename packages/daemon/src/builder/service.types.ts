/** What the API asks of builds. Implemented by builder/service.ts. */
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { BuildCall, BuildEvent } from '@tsdocker/shared/types/build.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { HistoryStyle } from './history.ts';

export interface BuildOptions {
  /** A tar, compressed or not. */
  context: AsyncIterable<Buffer>;
  /** Path in the context. */
  dockerfile: string;
  /** Names for the image, as typed. */
  tags: string[];
  buildArgs: Record<string, string | null>;
  labels: Record<string, string>;
  target: string | undefined;
  /** Anything but `build`: nothing is built, the answer is an event. */
  call: BuildCall;
  useCache: boolean;
  /** Ask the registry for base images that are here. */
  pull: boolean;
  platform: string | undefined;
  history: HistoryStyle;
  /** Of RUN's containers: limits, extra hosts, network. */
  hostConfig: HostConfig;
  /** What RUN may have besides: `network.host`, `security.insecure`. */
  allowed: readonly string[];
  /** By registry. */
  auth: Record<string, AuthConfig>;
  /** By id. */
  secrets: ReadonlyMap<string, Buffer>;
  onEvent(event: BuildEvent): void;
  /** Resolves when whoever is told takes more: what a step prints waits for it. */
  room(): Promise<void>;
  signal: AbortSignal;
}

export interface CacheUsage {
  id: string;
  description: string;
  sizeBytes: number;
  created: string;
  lastUsed: string;
  uses: number;
  shared: boolean;
}

export interface BuildService {
  /** @returns the image's id; '' where nothing was to be built @throws InvalidParameter, NotFound, System `... did not complete successfully: exit code: 1` */
  build(opts: BuildOptions): Promise<string>;
  cacheUsage(): CacheUsage[];
  /** Removes what builds of a daemon that was killed have left. */
  restore(): Promise<void>;
  /** @returns ids of records and bytes that are free */
  prune(opts: { all: boolean; unusedForMillis?: number; keepBytes?: number }): Promise<{
    deleted: string[];
    reclaimedBytes: number;
  }>;
}
