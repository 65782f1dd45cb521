/** Images that come in: pull, import and load. All answer with a progress stream. */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { WriteDownload } from '../../../containers/service.types.ts';
import type { ImageService } from '../../../images/service.types.ts';
import type { RequestContext } from '../../context.ts';
import { download } from '../../download.ts';
import { answerWithProgress } from '../../progress.ts';
import { platformOf, platformsOf } from '../../request/platform.ts';
import { registryAuth } from '../../request/registry-auth.ts';
import type { Handler } from '../../router.ts';

/** Pull (`fromImage`) and import (`fromSrc`) share a path. */
export const postImagesCreate =
  (images: Pick<ImageService, 'pull' | 'import'>): Handler =>
  async (ctx) => {
    if (ctx.query.string('fromImage') !== '') await pullImage(ctx, images);
    else if (ctx.query.string('fromSrc') !== '') await importImage(ctx, images);
    else throw new DockerError('InvalidParameter', 'fromImage or fromSrc is required');
  };

async function pullImage(ctx: RequestContext, images: Pick<ImageService, 'pull'>): Promise<void> {
  const { reference, allTags } = pullReference(ctx.query.string('fromImage'), ctx.query.string('tag'));
  const platform = ctx.query.optional('platform');
  const auth = registryAuth(ctx.req.headers['x-registry-auth']);
  await answerWithProgress(ctx.res, (progress) =>
    images.pull(reference, {
      ...(platform && { platform }),
      ...(auth && { auth }),
      ...(allTags && { allTags }),
      progress,
      signal: ctx.signal,
    }),
  );
}

/** `tag` is a tag or a digest. Neither there nor in the name: all tags. */
function pullReference(name: string, tag: string): { reference: string; allTags: boolean } {
  // `docker pull -a` of old clients ends the name with a colon.
  const image = name.replace(/:$/, '');
  if (tag !== '') return { reference: `${image}${tag.includes(':') ? '@' : ':'}${tag}`, allTags: false };
  const lastPart = image.slice(image.lastIndexOf('/') + 1);
  return { reference: image, allTags: !/[:@]/.test(lastPart) };
}

async function importImage(ctx: RequestContext, images: Pick<ImageService, 'import'>): Promise<void> {
  const { query } = ctx;
  const [repository, tag] = [query.optional('repo'), query.optional('tag')];
  const platform = query.optional('platform');
  const ref = repository && (tag ? `${repository}:${tag}` : repository);
  await answerWithProgress(ctx.res, async (progress) => {
    // The domain's last message is the new id.
    await images.import(await importSource(ctx, query.string('fromSrc')), {
      ...(ref && { ref }),
      message: query.optional('message') ?? `Imported from ${query.string('fromSrc')}`,
      changes: query.strings('changes'),
      ...(platform && { platform }),
      progress,
      signal: ctx.signal,
    });
  });
}

/** `-` is the request's body, everything else an address to fetch. */
async function importSource(ctx: RequestContext, source: string): Promise<AsyncIterable<Buffer>> {
  if (source === '-') return ctx.connection.body();
  const address = source.includes('://') ? source : `http://${source}`;
  if (!/^https?:\/\//.test(address)) {
    throw new DockerError('InvalidParameter', `invalid import source ${source}: only http and https can be fetched`);
  }
  const response = await fetch(address, { signal: ctx.signal }).catch((cause) => {
    throw new DockerError('System', `download ${address}: ${(cause as Error).message}`, { cause });
  });
  if (!response.ok || !response.body) {
    throw new DockerError('System', `download ${address}: ${response.status} ${response.statusText}`);
  }
  return Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
}

export const postImagesLoad =
  (images: Pick<ImageService, 'load'>): Handler =>
  async (ctx) => {
    const platforms = ctx.atLeast('1.48') ? platformsOf(ctx.query, 'platform') : [];
    await answerWithProgress(ctx.res, (progress) =>
      images.load(ctx.connection.body(), {
        quiet: ctx.query.bool('quiet', true),
        platforms,
        progress,
        signal: ctx.signal,
      }),
    );
  };

/** ImagePush: without a tag, all of them. */
export const postImagePush =
  (images: Pick<ImageService, 'push'>): Handler =>
  async (ctx) => {
    const platform = ctx.atLeast('1.46') ? platformOf(ctx.query) : undefined;
    const [name, tag] = [ctx.param('name'), ctx.query.optional('tag')];
    const auth = registryAuth(ctx.req.headers['x-registry-auth']);
    await answerWithProgress(ctx.res, (progress) =>
      images.push(tag ? `${name}:${tag}` : name, {
        ...(auth && { auth }),
        ...(!tag && !/:[^/]*$/.test(name) && { allTags: true }),
        ...(platform && { platform }),
        progress,
        signal: ctx.signal,
      }),
    );
  };

/** ImageGet and ImageGetAll. */
export const getImagesArchive =
  (images: Pick<ImageService, 'save'>): Handler =>
  async (ctx) => {
    const names = ctx.params['name'] === undefined ? ctx.query.strings('names') : [ctx.param('name')];
    if (names.length === 0) throw new DockerError('InvalidParameter', 'no image was named');
    const platforms = ctx.atLeast('1.48') ? platformsOf(ctx.query, 'platform') : [];
    await download(ctx, async (open) => {
      let write: WriteDownload | undefined;
      await images.save(names, { platforms }, async (chunk) => {
        write ??= open({});
        return await write(chunk);
      });
    });
  };
