/** The only place where an error becomes an HTTP status. */
import type { ServerResponse } from 'node:http';
import { codeOf, STATUS_OF_CODE } from '@tsdocker/shared/errors.ts';
import type { Logger } from '../../log.ts';

/** Answers `{"message": ...}`. Once the answer has begun, all that is left is to break it off so that the client notices. */
export function writeError(res: ServerResponse, err: unknown, log: Logger): void {
  const status = STATUS_OF_CODE[codeOf(err)];
  if (status === 500) log.error('request failed', { error: err });
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (status === 304) {
    res.writeHead(304).end();
    return;
  }
  writeMessage(res, status, messageOf(err));
}

/** The router's own answer: it has none of the Api-Version headers. */
export function writePageNotFound(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  writeMessage(res, 404, 'page not found');
}

export function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}

function writeMessage(res: ServerResponse, status: number, message: string): void {
  const text = `${JSON.stringify({ message })}\n`;
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  res.end(text);
}
