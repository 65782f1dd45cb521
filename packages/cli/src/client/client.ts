/**
 * The API client a command sees. Commands and the per-object files (container.ts, image.ts, ...) know only this interface;
 * http-client.ts is the real one, tests hand in a fake.
 */
import type { Duplex, Readable } from 'node:stream';

/** Query values: undefined and '' are left out, booleans go as 1 / 0 is left out, lists repeat the key, objects become JSON. */
export type Query = Record<string, string | number | boolean | readonly string[] | object | undefined>;

export interface RequestOptions {
  query?: Query;
  /**
   * A Readable is streamed, chunks from an iterator are made as they are sent (both with Content-Type application/x-tar
   * unless a header says otherwise); anything else is sent as JSON.
   */
  body?: unknown;
  headers?: Record<string, string>;
  /** Ends the request, and the answer's stream, with an AbortError. */
  signal?: AbortSignal;
  /** Path goes out as it is, without `/v1.xx` and without negotiating first (`/_ping`). */
  unversioned?: boolean;
}

/** An answer below 400 (304 included). Exactly one of json, text and discard is to be called. */
export interface EngineResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  json<T>(): Promise<T>;
  text(): Promise<string>;
  /** Reads the body away, so that the connection can be used again. */
  discard(): Promise<void>;
}

/** One whose body may be long or endless. */
export interface EngineStream extends EngineResponse {
  /** The body as it arrives, in place of json, text and discard; destroying it ends the request. */
  stream(): Readable;
}

export interface HijackOptions {
  query?: Query;
  /** JSON body (exec start). */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A raw stream to a container or exec. */
export interface HijackedStream {
  /** Both ways; `socket.end()` closes only our half (the container's stdin). */
  readonly socket: Duplex;
  /** `application/vnd.docker.raw-stream` or `application/vnd.docker.multiplexed-stream`. */
  readonly contentType: string;
}

/** What `/_ping` tells. */
export interface PingResult {
  apiVersion: string;
  osType: string;
  experimental: boolean;
  /** '1' classic, '2' BuildKit, '' unknown. */
  builderVersion: string;
}

export interface EngineClient {
  /** As the user named it: `unix:///var/run/tsdocker.sock`. */
  readonly host: string;
  /** @throws DockerError with fromDaemon for an answer of 400 and above; ConnectionError when there was no answer */
  request(method: string, path: string, options?: RequestOptions): Promise<EngineResponse>;
  /** As request, for an answer that is read as it arrives. */
  open(method: string, path: string, options?: RequestOptions): Promise<EngineStream>;
  /** POST with `Upgrade: tcp`. @throws as request; also when the daemon does not switch protocols */
  hijack(path: string, options?: HijackOptions): Promise<HijackedStream>;
  /** The version used: DOCKER_API_VERSION, else the lower of ours and the daemon's (one ping, once). */
  apiVersion(): Promise<string>;
  ping(): Promise<PingResult>;
  /** Closes idle connections. */
  close(): void;
}
