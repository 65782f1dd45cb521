/** The event stream. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { EventBus } from '../../../events/bus.ts';
import { eventFor } from '../../compat.ts';
import { type RequestContext, writeChunk } from '../../context.ts';
import type { Handler } from '../../router.ts';

/** RFC 7464: each text begins with a record separator. */
const RECORD_SEPARATOR = '\x1e';

export const getEvents =
  (bus: Pick<EventBus, 'subscribe'>): Handler =>
  async (ctx) => {
    const since = ctx.query.timestamp('since');
    const until = ctx.query.timestamp('until');
    if (since !== undefined && until !== undefined && since > until) {
      throw new DockerError('InvalidParameter', '`since` time must be before `until` time');
    }
    const events = bus.subscribe({ since, until, filters: ctx.query.filters(), signal: ctx.signal });
    const contentType = eventsContentType(ctx);
    const prefix = contentType === 'application/json-seq' ? RECORD_SEPARATOR : '';
    ctx.res.writeHead(200, { 'Content-Type': contentType });
    ctx.res.flushHeaders();
    for await (const event of events) {
      const shown = eventFor(ctx.version, event);
      if (shown !== undefined) await writeChunk(ctx.res, `${prefix}${JSON.stringify(shown)}\n`);
    }
    ctx.res.end();
  };

/** Newer clients may choose the framing; the lines are the same. */
function eventsContentType(ctx: RequestContext): string {
  const accept = ctx.req.headers.accept ?? '';
  const offers: [since: string, type: string][] = [
    ['1.53', 'application/jsonl'],
    ['1.52', 'application/x-ndjson'],
    ['1.52', 'application/json-seq'],
  ];
  return offers.find(([since, type]) => ctx.atLeast(since) && accept.includes(type))?.[1] ?? 'application/json';
}
