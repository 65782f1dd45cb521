/** A container's streams: logs and attach. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { frames } from '@tsdocker/shared/stdcopy.ts';
import type { AttachOptions, ContainerService, LogChunk } from '../../../containers/service.types.ts';
import { type RequestContext, writeChunk } from '../../context.ts';
import { MULTIPLEXED_STREAM, RAW_STREAM } from '../../hijack.ts';
import { hijackedSession, hijackedStreams } from '../../hijacked-session.ts';
import type { Handler } from '../../router.ts';
import { checkWebSocketRequest, openWebSocketStreams } from '../../websocket.ts';

export const getContainersLogs =
  (containers: Pick<ContainerService, 'logs'>): Handler =>
  async (ctx) => {
    const { query } = ctx;
    const stdout = query.bool('stdout');
    const stderr = query.bool('stderr');
    if (!stdout && !stderr) {
      throw new DockerError('InvalidParameter', 'Bad parameters: you must choose at least one stream');
    }
    const since = query.timestamp('since');
    const until = query.timestamp('until');
    const tail = tailOf(query.string('tail'));
    const { tty, chunks } = await containers.logs(ctx.param('id'), {
      stdout,
      stderr,
      follow: query.bool('follow'),
      timestamps: query.bool('timestamps'),
      details: query.bool('details'),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(tail !== undefined && { tail }),
      signal: ctx.signal,
    });
    await writeLogs(ctx, tty, chunks);
  };

/** As the engine reads it: what is no number, and negative ones, mean all. */
function tailOf(text: string): number | undefined {
  return /^\+?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function writeLogs(ctx: RequestContext, tty: boolean, batches: AsyncIterable<LogChunk[]>) {
  const contentType = !tty && ctx.atLeast('1.42') ? MULTIPLEXED_STREAM : RAW_STREAM;
  ctx.res.writeHead(200, { 'Content-Type': contentType });
  ctx.res.flushHeaders();
  for await (const chunks of batches) {
    if (ctx.res.destroyed) break;
    await writeChunk(ctx.res, tty ? Buffer.concat(chunks.map(({ data }) => data)) : frames(chunks));
  }
  ctx.res.end();
}

export const postContainersAttach =
  (containers: Pick<ContainerService, 'attach'>): Handler =>
  async (ctx) => {
    const options = attachOptions(ctx);
    await hijackedSession(ctx, hijackedStreams(ctx, options), (open) =>
      containers.attach(ctx.param('id'), options, open),
    );
  };

export const getContainersAttachWs =
  (containers: Pick<ContainerService, 'attach'>): Handler =>
  async (ctx) => {
    const all = { stdin: true, stdout: true, stderr: true };
    const options = { ...attachOptions(ctx), ...(!ctx.atLeast('1.42') && all) };
    const { connection, req } = ctx;
    const take = () => {
      checkWebSocketRequest(req);
      return openWebSocketStreams(req, connection.detach(), { binary: ctx.atLeast('1.28'), stdin: options.stdin });
    };
    await hijackedSession(ctx, take, (open) => containers.attach(ctx.param('id'), options, open));
  };

function attachOptions({ query }: RequestContext): AttachOptions {
  const detachKeys = query.optional('detachKeys');
  return {
    stdin: query.bool('stdin'),
    stdout: query.bool('stdout'),
    stderr: query.bool('stderr'),
    stream: query.bool('stream'),
    logs: query.bool('logs'),
    ...(detachKeys && { detachKeys }),
  };
}
