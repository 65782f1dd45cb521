/** Requests about images. Each function is one Engine API operation. */
import type { Readable } from 'node:stream';
import type {
  ImageDeleteResponseItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  ProgressMessage,
} from '@tsdocker/shared/types/image.ts';
import type { EngineClient } from './client.ts';
import { type FilterMap, filterQuery } from './container.ts';
import { jsonObjects } from './json-stream.ts';

/** Names keep their slashes: the daemon's route takes the rest of the path. */
const at = (image: string, verb = ''): string =>
  `/images/${image.split('/').map(encodeURIComponent).join('/')}${verb && `/${verb}`}`;

/** ImageList. `manifests` needs API 1.47, `sharedSize` 1.42. */
export async function imageList(
  client: EngineClient,
  options: { all?: boolean; digests?: boolean; filters?: FilterMap; manifests?: boolean; sharedSize?: boolean },
): Promise<ImageSummary[]> {
  const query = {
    all: options.all,
    digests: options.digests,
    filters: filterQuery(options.filters),
    manifests: options.manifests,
    'shared-size': options.sharedSize,
  };
  return (await client.request('GET', '/images/json', { query })).json();
}

export interface PullOptions {
  /** Repository, and tag or digest; an empty tag pulls all of them. */
  fromImage: string;
  tag?: string;
  /** `os[/arch[/variant]]` */
  platform?: string;
  /** X-Registry-Auth: base64url JSON of an AuthConfig. */
  registryAuth?: string;
  signal?: AbortSignal;
}

/** ImageCreate from a registry: a progress stream; a failure may come as its last object. */
export async function imagePull(client: EngineClient, options: PullOptions): Promise<AsyncGenerator<ProgressMessage>> {
  const query = { fromImage: options.fromImage, tag: options.tag, platform: options.platform?.toLowerCase() };
  const response = await client.open('POST', '/images/create', {
    query,
    ...(options.registryAuth === undefined ? {} : { headers: { 'X-Registry-Auth': options.registryAuth } }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return jsonObjects<ProgressMessage>(response.stream());
}

/** ImagePush: a progress stream; without a tag all of the repository's go. */
export async function imagePush(
  client: EngineClient,
  options: { name: string; tag?: string; platform?: string; registryAuth: string },
): Promise<AsyncGenerator<ProgressMessage>> {
  const { name, tag, platform, registryAuth } = options;
  const response = await client.open('POST', at(name, 'push'), {
    query: { tag, platform },
    headers: { 'X-Registry-Auth': registryAuth },
  });
  return jsonObjects<ProgressMessage>(response.stream());
}

/** ImageCreate from a tar of a root file system; `source` is a URL the daemon fetches, or `-` with a body. */
export async function imageImport(
  client: EngineClient,
  options: {
    source: string;
    body?: Readable;
    repo: string;
    tag?: string;
    message?: string;
    changes?: string[];
    platform?: string;
  },
): Promise<AsyncGenerator<ProgressMessage>> {
  const query = {
    fromSrc: options.source,
    repo: options.repo,
    tag: options.tag,
    message: options.message,
    changes: options.changes,
    platform: options.platform?.toLowerCase(),
  };
  const response = await client.open('POST', '/images/create', { query, body: options.body });
  return jsonObjects<ProgressMessage>(response.stream());
}

/** ImageLoad. The answer is a progress stream, or plain text (`json` false) when the daemon says so. */
export async function imageLoad(
  client: EngineClient,
  body: Readable,
  options: { quiet?: boolean; platforms?: object[] },
): Promise<{ json: boolean; stream: Readable }> {
  const query = { quiet: options.quiet, platform: options.platforms?.map((p) => JSON.stringify(p)) };
  const response = await client.open('POST', '/images/load', { query, body });
  const json = String(response.headers['content-type'] ?? '').startsWith('application/json');
  return { json, stream: response.stream() };
}

/** ImageGetAll: a docker-save archive. */
export async function imageSave(
  client: EngineClient,
  names: readonly string[],
  options: { platforms?: object[] },
): Promise<Readable> {
  const query = { names, platform: options.platforms?.map((p) => JSON.stringify(p)) };
  return (await client.open('GET', '/images/get', { query })).stream();
}

/** ImageInspect */
export async function imageInspect(
  client: EngineClient,
  image: string,
  options: { platform?: object } = {},
): Promise<ImageInspect> {
  return (await client.request('GET', at(image, 'json'), { query: { platform: options.platform } })).json();
}

/** ImageHistory */
export async function imageHistory(
  client: EngineClient,
  image: string,
  options: { platform?: object } = {},
): Promise<ImageHistoryItem[]> {
  return (await client.request('GET', at(image, 'history'), { query: { platform: options.platform } })).json();
}

/** ImageTag. @param tag undefined: latest */
export async function imageTag(client: EngineClient, image: string, repo: string, tag?: string): Promise<void> {
  await (await client.request('POST', at(image, 'tag'), { query: { repo, tag } })).discard();
}

/** ImageDelete */
export async function imageRemove(
  client: EngineClient,
  image: string,
  options: { force?: boolean; noprune?: boolean; platforms?: object[] } = {},
): Promise<ImageDeleteResponseItem[]> {
  const platforms = options.platforms?.map((p) => JSON.stringify(p));
  const query = { force: options.force, noprune: options.noprune, platforms };
  return (await client.request('DELETE', at(image), { query })).json();
}

/** ImagePrune */
export async function imagesPrune(
  client: EngineClient,
  filters: FilterMap,
): Promise<{ ImagesDeleted: ImageDeleteResponseItem[] | null; SpaceReclaimed: number }> {
  const query = { filters: filterQuery(filters) };
  return (await client.request('POST', '/images/prune', { query })).json();
}
