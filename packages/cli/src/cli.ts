/**
 * Everything a command may touch of the world. Commands never use `process.*`: later the same code runs inside a resident
 * worker that serves many terminals, each with its own arguments, environment, directory, streams and exit code.
 */
import type { Readable, Writable } from 'node:stream';
import type { EngineClient } from './client/client.ts';
import type { Endpoint } from './client/endpoint.ts';
import type { ConfigFile } from './config/config-file.ts';

/** Rows and columns of a terminal. */
export interface TerminalSize {
  height: number;
  width: number;
}

export interface InputStream {
  readonly stream: Readable;
  readonly isTerminal: boolean;
  /** Raw mode (cfmakeraw), until the returned function is called; also undone at exit and on crash. */
  makeRaw(): () => void;
}

export interface OutputStream {
  readonly stream: Writable;
  readonly isTerminal: boolean;
  /** Undefined when not a terminal. */
  size(): TerminalSize | undefined;
  onResize(handler: () => void): () => void;
  write(text: string | Uint8Array): void;
}

export interface Cli {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Set by a command; the program ends with it once everything is written. */
  exitCode: number;
  /** Subscribes to a signal sent to the program; the default action is off while a handler is there. */
  onSignal(signals: readonly NodeJS.Signals[], handler: (signal: NodeJS.Signals) => void): () => void;
  /** The API client of the daemon that -H, DOCKER_HOST, the context or the default names; version negotiated on first use. */
  client(): EngineClient;
  /** config.json of DOCKER_CONFIG or ~/.docker; read once. */
  config(): ConfigFile;
  /** Name of the context that names the daemon; `default` when an address does. */
  contextName(): string;
  /** The daemon of the context `default`: what -H, DOCKER_HOST or nothing at all names. @throws StatusError */
  defaultEndpoint(): Endpoint;
  /** What stands before the command, as far as commands care. */
  readonly globals: { readonly debug: boolean };
  /** The Node process, in its own words (`v24.1.0`, `linux`, `x64`). */
  readonly runtime: { readonly version: string; readonly platform: string; readonly arch: string };
}
