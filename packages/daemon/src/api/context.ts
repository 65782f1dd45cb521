/** What a handler gets: one request, read but not interpreted, and ways to answer it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { compareApiVersions } from '@tsdocker/shared/api-version.ts';
import { jsonLine } from '@tsdocker/shared/jsonstream.ts';
import type { Hijackable } from './hijack.ts';
import { type BodySource, readJson } from './request/body.ts';
import type { Query } from './request/query.ts';
import type { ObjectShape } from './request/shape.ts';

export class RequestContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** `1.44`: that of the path, else the newest. */
  readonly version: string;
  /** Aborted when the client goes away before the answer is complete. */
  readonly signal: AbortSignal;
  /** Takes the connection over; attach and exec. */
  readonly connection: Hijackable;
  /** Told of every JSON answer, where somebody wants to know. */
  readonly record: ((status: number, body: unknown) => void) | undefined;

  constructor(init: Omit<RequestContext, 'json' | 'empty' | 'body' | 'atLeast' | 'param'>) {
    this.req = init.req;
    this.res = init.res;
    this.params = init.params;
    this.query = init.query;
    this.version = init.version;
    this.signal = init.signal;
    this.connection = init.connection;
    this.record = init.record;
  }

  param(name: string): string {
    return this.params[name] ?? '';
  }

  atLeast(version: string): boolean {
    return compareApiVersions(this.version, version) >= 0;
  }

  /** The JSON body; undefined when there is none. */
  body<T>(shape: ObjectShape): Promise<T | undefined> {
    const source: BodySource = { headers: this.req.headers, stream: this.connection.body() };
    return readJson<T>(source, shape);
  }

  /** Answers one JSON value, with a newline as Go's encoder writes it. */
  json(status: number, value: unknown): void {
    this.record?.(status, value);
    const text = `${JSON.stringify(value)}\n`;
    this.res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
    this.res.end(text);
  }

  empty(status: number): void {
    this.res.writeHead(status, status === 204 ? {} : { 'Content-Length': 0 });
    this.res.end();
  }
}

/** Objects one after the other on an open answer; written as the client takes them. */
export async function writeJsonStream(
  { res, record }: Pick<RequestContext, 'res' | 'record'>,
  values: AsyncIterable<unknown>,
): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.flushHeaders();
  for await (const value of values) {
    record?.(200, value);
    await writeChunk(res, jsonLine(value).replace('\r\n', '\n'));
  }
  res.end();
}

/** Resolves when there is room for more, or the client is gone. */
export function writeChunk(res: ServerResponse, chunk: string | Buffer): Promise<void> | undefined {
  if (res.destroyed || res.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}
