/** Lists images, newest first. @see Engine API `ImageList` */
import type { Digest } from '@tsdocker/shared/digest.ts';
import { familiarMatch, familiarString, parseReference } from '@tsdocker/shared/reference.ts';
import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import { untilMillis } from '@tsdocker/shared/until.ts';
import type { ParsedConfig } from './config.ts';
import { booleanFilter, checkFilters, type Filters, labelsMatch } from './filters.ts';
import type { Library } from './library.ts';
import { manifestsOf, targetOf } from './manifests.ts';
import { findImage } from './resolve.ts';
import { indexOfMain, isHeldVariant } from './variants.ts';

const ACCEPTED = ['dangling', 'label', 'before', 'since', 'reference', 'until'];

export interface ListOptions {
  all: boolean;
  filters: Filters;
  sharedSize?: boolean;
  /** Tell of every platform. */
  manifests?: boolean;
}

const createdMillis = (config: ParsedConfig): number => (config.created ? Date.parse(config.created) : 0);

/** @throws InvalidParameter, NotFound of `before` and `since` */
export async function listImages(library: Library, opts: ListOptions): Promise<ImageSummary[]> {
  checkFilters(opts.filters, ACCEPTED);
  const dangling = booleanFilter(opts.filters, 'dangling');
  const inTime = await timeTest(library, opts.filters);
  const summaries: ImageSummary[] = [];
  for (const id of Object.keys(library.state.images)) {
    // Another platform's image is in the row of the name that holds it.
    if (library.state.images[id]?.stage || isHeldVariant(library.state, id)) continue;
    const config = await library.config(id);
    if (!inTime(createdMillis(config)) || !labelsMatch(opts.filters['label'], config.config.Labels ?? {})) continue;
    const names = matchingNames(library, id, opts.filters['reference']);
    if (!names || !isShown(library, id, names, dangling, opts.all)) continue;
    const manifests = opts.manifests ? { Manifests: await manifestsOf(library, id) } : {};
    summaries.push({ ...summarise(library, id, config, names), ...manifests });
  }
  if (opts.sharedSize) addSharedSizes(library, summaries);
  return summaries.sort((a, b) => b.Created - a.Created);
}

async function timeTest(library: Library, filters: Filters): Promise<(created: number) => boolean> {
  const created = async (ref: string) => createdMillis(await library.config(findImage(library, ref)));
  const before = await Promise.all((filters['before'] ?? []).map(created));
  const since = await Promise.all((filters['since'] ?? []).map(created));
  const until = untilMillis(filters);
  return (t) => before.every((b) => t < b) && since.every((s) => t > s) && (until === undefined || t < until);
}

interface Names {
  tags: string[];
  digests: string[];
}

/** The names a `reference` filter leaves; undefined: it leaves none, so the image is not shown. */
function matchingNames(library: Library, id: Digest, patterns: string[] | undefined): Names | undefined {
  const all = library.store.referencesOf(id).map(parseReference);
  const wanted = patterns && patterns.length > 0 ? all.filter((r) => patterns.some((p) => familiarMatch(p, r))) : all;
  if (patterns && patterns.length > 0 && wanted.length === 0) return undefined;
  return {
    tags: wanted.filter((r) => !r.digest).map(familiarString),
    digests: wanted.filter((r) => r.digest).map(familiarString),
  };
}

/** Untagged images that others were built from are only shown with `all`; dangling they are not. */
function isShown(library: Library, id: Digest, names: Names, dangling: boolean | undefined, all: boolean): boolean {
  if (dangling !== undefined && dangling !== (names.tags.length === 0)) return false;
  if (names.tags.length > 0 || (names.digests.length > 0 && !dangling) || (all && !dangling)) return true;
  return !Object.values(library.state.images).some((image) => image.parent === id);
}

function summarise(library: Library, id: Digest, config: ParsedConfig, names: Names): ImageSummary {
  return {
    Id: id,
    Descriptor: targetOf(library, id) ?? null,
    ParentId: library.state.images[id]?.parent ?? '',
    RepoTags: names.tags,
    RepoDigests: names.digests,
    Created: Math.floor(createdMillis(config) / 1000),
    Size: library.sizeOf(id),
    SharedSize: -1,
    // null and not {}: what Docker sends for an image without labels.
    Labels: (config.config.Labels ?? null) as Record<string, string>,
    Containers: platformsOf(library, id).flatMap((image) => library.users.containersOf(image)).length,
  };
}

/** The image, and those of other platforms under its name. */
function platformsOf(library: Library, id: Digest): Digest[] {
  return [...new Set([id, ...Object.keys(indexOfMain(library.state, id)?.images ?? {})])];
}

/** Bytes of the layers that another image has, too. */
function addSharedSizes(library: Library, summaries: ImageSummary[]): void {
  const uses = new Map<Digest, number>();
  const { images, layers } = library.state;
  for (const image of Object.values(images)) for (const id of image.chainIds) uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const summary of summaries) {
    const shared = (images[summary.Id]?.chainIds ?? []).filter((id) => (uses.get(id) ?? 0) > 1);
    summary.SharedSize = shared.reduce((sum, id) => sum + (layers[id]?.sizeBytes ?? 0), 0);
  }
}
