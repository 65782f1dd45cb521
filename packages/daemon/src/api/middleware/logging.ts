/** One debug line a request: what was asked, how it ended, how long it took. Never headers: they carry credentials. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../log.ts';

export function logRequest(log: Logger, req: IncomingMessage, res: ServerResponse): void {
  const start = performance.now();
  res.once('close', () => {
    log.debug(`${req.method} ${req.url}`, {
      status: res.statusCode,
      aborted: res.writableFinished ? undefined : true,
      millis: Math.round(performance.now() - start),
    });
  });
}
