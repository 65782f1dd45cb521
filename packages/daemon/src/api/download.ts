/** Answers that are archives: export, save, and the files of a container. */
import type { WriteDownload } from '../containers/service.types.ts';
import { type RequestContext, writeChunk } from './context.ts';

/** An archive as the answer. What fails after its first byte cuts the connection: a client must not take it for whole. */
export async function download(
  ctx: RequestContext,
  work: (open: (headers: Record<string, string>) => WriteDownload) => Promise<void>,
): Promise<void> {
  const { res } = ctx;
  try {
    await work((headers) => {
      res.writeHead(200, { 'Content-Type': 'application/x-tar', ...headers });
      return async (chunk) => {
        await writeChunk(res, chunk);
        return !res.destroyed;
      };
    });
    res.end();
  } catch (err) {
    if (!res.headersSent) throw err;
    res.destroy(err as Error);
  }
}
