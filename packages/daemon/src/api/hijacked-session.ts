/** One attach or exec from the first byte after the header to the last. */
import type { OpenStreams } from '../containers/service.types.ts';
import type { RequestContext } from './context.ts';
import { type HijackedStreams, MULTIPLEXED_STREAM, openHijackedStreams, RAW_STREAM } from './hijack.ts';
import { messageOf } from './middleware/errors.ts';

/** Makes a client's streams of its connection; `tty`: raw ones. Once. */
export type TakeStreams = (tty: boolean) => HijackedStreams | Promise<HijackedStreams>;

/** The streams of attach and exec start: what follows the header, both ways. */
export function hijackedStreams(ctx: RequestContext, wanted: { stdin: boolean }): TakeStreams {
  return (tty) => openHijackedStreams(ctx.connection.takeOver(contentTypeOf(ctx, tty)), { framed: !tty, ...wanted });
}

/**
 * Runs `work`, which calls `open` once it has checked the request. Errors before that become a status; afterwards there
 * is no status any more, so the client gets them as text on stderr.
 */
export async function hijackedSession(
  ctx: RequestContext,
  take: TakeStreams,
  work: (open: OpenStreams) => Promise<void>,
): Promise<void> {
  let session: HijackedStreams | undefined;
  try {
    await work(async (tty) => {
      session = await take(tty);
      return session.streams;
    });
  } catch (err) {
    if (!session) throw err;
    const { stdout, stderr } = session.streams;
    const target = stderr.writable ? stderr : stdout;
    if (target.writable) target.write(`${messageOf(err)}\r\n`);
  }
  if (session) await session.finish();
  // A process that has no output to follow ends without streams being opened: an empty answer.
  else if (!ctx.res.headersSent) ctx.empty(200);
}

/** Framing is only announced to clients that asked for an upgrade and know the type. */
function contentTypeOf(ctx: RequestContext, tty: boolean): string {
  return !tty && ctx.connection.upgraded && ctx.atLeast('1.42') ? MULTIPLEXED_STREAM : RAW_STREAM;
}
