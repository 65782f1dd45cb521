/** `Upgrade: tcp`: one POST whose connection then carries raw bytes both ways. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HijackedStream } from './client.ts';
import type { Transport } from './transport.ts';

/**
 * Sends the request; the answer is the stream, or the ordinary response when the daemon did not switch protocols.
 * The returned socket already holds the bytes that came together with the answer's head.
 */
export function hijackRequest(
  transport: Transport,
  options: RequestOptions,
  body: Buffer | undefined,
): Promise<HijackedStream | { response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(options.headers as Record<string, string>),
      Connection: 'Upgrade',
      Upgrade: 'tcp',
      'Content-Length': String(body?.length ?? 0),
    };
    const request = transport.request({ ...options, headers });
    request.on('error', reject);
    request.on('response', (response) => resolve({ response }));
    request.on('upgrade', (response, socket: Duplex, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ socket, contentType: String(response.headers['content-type'] ?? '') });
    });
    request.end(body);
  });
}
