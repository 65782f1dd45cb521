/** One request by node:http: bodies that stream in either direction, and every endpoint that is no unix socket. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { Transport } from './transport.ts';

/** Resolves with the answer's head. @throws Error of the connection; AbortError */
export function httpExchange(
  transport: Transport,
  options: RequestOptions,
  body: Buffer | Readable | Iterable<Buffer> | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = transport.request(options);
    request.on('response', resolve);
    request.on('error', reject);
    if (body === undefined || Buffer.isBuffer(body)) return void request.end(body);
    // The daemon may answer (an error) before it has read the whole body; what fails on the way is told by the request.
    const content = body instanceof Readable ? body : Readable.from(body, { objectMode: false });
    pipeline(content, request, (err) => {
      if (err && !request.destroyed) request.destroy(err);
    });
  });
}
