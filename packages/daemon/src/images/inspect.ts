/** Shows one image: inspect and history. @see Engine API `ImageInspect`, `ImageHistory` */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { parsePlatform } from '@tsdocker/shared/platform.ts';
import { familiarString, parseReference } from '@tsdocker/shared/reference.ts';
import type { ImageConfig, ImageHistoryItem, ImageInspect } from '@tsdocker/shared/types/image.ts';
import type { Library } from './library.ts';
import { manifestsOf, targetOf } from './manifests.ts';
import { findVariant, namesHolding } from './variants.ts';

/** Familiar names of an image, sorted: with tags and with digests. */
export function namesOf(library: Library, imageId: Digest): { tags: string[]; digests: string[] } {
  const refs = namesHolding(library.state, imageId).map(parseReference);
  return {
    tags: refs.filter((r) => !r.digest).map(familiarString),
    digests: refs.filter((r) => r.digest).map(familiarString),
  };
}

/** Empty members are left out, as the API does since 1.52. */
function withoutEmpty(config: ImageConfig): ImageConfig {
  const isEmpty = (v: unknown) =>
    v === '' ||
    v === false ||
    (Array.isArray(v) && v.length === 0) ||
    (typeof v === 'object' && v !== null && Object.keys(v).length === 0);
  return Object.fromEntries(Object.entries(config).filter(([, v]) => !isEmpty(v)));
}

export interface InspectOptions {
  /** `os/arch[/variant]`: this one of the images that the name stands for. */
  platform?: string;
  /** Tell of every platform, too. */
  manifests?: boolean;
}

export async function inspectImage(library: Library, text: string, opts: InspectOptions = {}): Promise<ImageInspect> {
  const id = await findVariant(library, text, opts.platform ? parsePlatform(opts.platform) : undefined);
  const config = await library.config(id);
  const record = library.state.images[id];
  const names = namesOf(library, id);
  const { platform } = config;
  return {
    Id: id,
    ...(record && { Descriptor: opts.platform ? record.manifest : targetOf(library, id) }),
    ...(opts.manifests && { Manifests: await manifestsOf(library, id) }),
    RepoTags: names.tags,
    RepoDigests: names.digests,
    ...(config.comment && { Comment: config.comment }),
    ...(config.created && { Created: config.created }),
    ...(config.author && { Author: config.author }),
    // The members of the type are optional except ArgsEscaped, which only Windows images have.
    Config: withoutEmpty(config.config) as NonNullable<ImageInspect['Config']>,
    Architecture: platform.architecture,
    ...(platform.variant && { Variant: platform.variant }),
    Os: platform.os,
    ...(platform['os.version'] && { OsVersion: platform['os.version'] }),
    Size: library.sizeOf(id),
    GraphDriver: { Name: library.snapshotter.name, Data: library.snapshotter.graphData(record?.chainIds ?? []) },
    RootFS: { Type: 'layers', ...(config.diffIds.length > 0 && { Layers: config.diffIds }) },
    Metadata: record?.lastTagTime ? { LastTagTime: record.lastTagTime } : {},
  };
}

/** Newest first. The top entry is the image itself; entries below have an id as far as the images it was made from are here. */
export async function imageHistory(library: Library, text: string, platform?: string): Promise<ImageHistoryItem[]> {
  const id = await findVariant(library, text, platform ? parsePlatform(platform) : undefined);
  const config = await library.config(id);
  const { images, layers } = library.state;
  const chainIds = [...(images[id]?.chainIds ?? [])];
  const items = config.history.map((entry): ImageHistoryItem => {
    const chainId = entry.empty_layer ? undefined : chainIds.shift();
    return {
      Id: '<missing>',
      Created: entry.created ? Math.floor(Date.parse(entry.created) / 1000) : 0,
      CreatedBy: entry.created_by ?? '',
      Tags: null as unknown as string[],
      Size: chainId === undefined ? 0 : (layers[chainId]?.sizeBytes ?? 0),
      Comment: entry.comment ?? '',
    };
  });
  items.reverse();
  let made: Digest | undefined = id;
  for (const item of items) {
    if (made === undefined || !images[made]) break;
    item.Id = made;
    const { tags } = namesOf(library, made);
    if (tags.length > 0) item.Tags = tags;
    made = images[made]?.parent;
  }
  return items;
}
