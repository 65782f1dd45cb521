/**
 * One name, one image a platform. A name that came from an index stands for the index: `ImageState.indexes` has, for the
 * name, the index and which of its images are here. `references` goes on naming one of them, that which this host runs
 * best. An image of another platform has no name of its own as long as the index' name holds it.
 */
import { parseManifest } from '@tsdocker/registry/manifests.ts';
import type { Digest } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import {
  hostPlatform,
  type Platform,
  platformRank,
  platformString,
  selectPlatform,
} from '@tsdocker/shared/platform.ts';
import { parseAnyReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { Library } from './library.ts';
import { findImage } from './resolve.ts';
import type { BlobInfo, ImageState, IndexRecord } from './store.ts';

/** The index an image was taken from. */
export interface Origin {
  index: BlobInfo;
  /** The image's manifest, as the index names it. */
  manifest: Digest;
  platform: Platform;
}

/**
 * Makes a name stand for an image. With an origin that the name already stands for, the other platforms' images stay.
 * @param name complete
 */
export function setName(draft: ImageState, name: string, id: Digest, origin?: Origin): void {
  draft.indexes ??= {};
  const known = draft.indexes[name];
  if (!origin) {
    delete draft.indexes[name];
    draft.references[name] = id;
    return;
  }
  const { index, manifest, platform } = origin;
  const images = { ...(known?.index.digest === index.digest && known.images), [id]: { manifest, platform } };
  draft.indexes[name] = { index, images };
  draft.references[name] = mainOf(images) ?? id;
}

/** @returns ids of images that lost this name, the main one not among them */
export function dropName(draft: ImageState, name: string): Digest[] {
  const main = draft.references[name];
  const others = Object.keys(draft.indexes?.[name]?.images ?? {}).filter((id) => id !== main);
  delete draft.references[name];
  delete draft.indexes?.[name];
  return others;
}

/** Takes one image out of all names that hold it beside others; a name it stands alone for is left as it is. */
export function dropVariant(draft: ImageState, id: Digest): void {
  for (const [name, record] of Object.entries(draft.indexes ?? {})) {
    const { [id]: dropped, ...rest } = record.images;
    if (!dropped || Object.keys(rest).length === 0) continue;
    record.images = rest;
    if (draft.references[name] === id) draft.references[name] = mainOf(rest) as Digest;
  }
}

/** What the host runs best, else the first that came. */
function mainOf(images: IndexRecord['images']): Digest | undefined {
  const ids = Object.keys(images);
  return selectPlatform(ids, (id) => images[id]?.platform, hostPlatform()) ?? ids[0];
}

/** The index record behind what a user typed: a name, or an image that such a name stands for first. */
export function indexOf(library: Library, text: string): IndexRecord | undefined {
  const { references, indexes = {} } = library.state;
  const parsed = parseAnyReference(text);
  if (parsed.kind === 'named') {
    const { domain, path, digest } = parsed.reference;
    const name = digest ? referenceString({ domain, path, digest }) : referenceString(withDefaultTag(parsed.reference));
    if (references[name]) return indexes[name];
  }
  return indexOfMain(library.state, findImage(library, text));
}

/** @param id of the image that the name stands for first */
export function indexOfMain(state: Readonly<ImageState>, id: Digest): IndexRecord | undefined {
  return Object.entries(state.indexes ?? {}).find(([name]) => state.references[name] === id)?.[1];
}

/** Complete names that stand for an image, first or for its platform; sorted. */
export function namesHolding(state: Readonly<ImageState>, id: Digest): string[] {
  const { references, indexes = {} } = state;
  return Object.keys(references)
    .filter((name) => references[name] === id || Object.hasOwn(indexes[name]?.images ?? {}, id))
    .sort();
}

/** An image of another platform that has no name but is held by one. */
export function isHeldVariant(state: Readonly<ImageState>, id: Digest): boolean {
  if (Object.values(state.references).includes(id)) return false;
  return Object.values(state.indexes ?? {}).some((record) => Object.hasOwn(record.images, id));
}

/** Ids of all images that what was typed stands for, the main one first. */
export function variantsOf(library: Library, text: string): Digest[] {
  const main = findImage(library, text);
  return [...new Set([main, ...Object.keys(indexOf(library, text)?.images ?? {})])];
}

/**
 * The image of a platform; without one, of the host's.
 * @throws as findImage; NotFound when there is none of that platform
 */
export async function findVariant(library: Library, text: string, wanted: Platform | undefined): Promise<Digest> {
  const main = findImage(library, text);
  if (!wanted) return main;
  const ids = variantsOf(library, text);
  const platforms = new Map<Digest, Platform>();
  for (const id of ids) platforms.set(id, (await library.config(id)).platform);
  const found = selectPlatform(ids, (id) => platforms.get(id), wanted);
  if (found) return found;
  const [actual, asked] = [platformString(platforms.get(main) as Platform), platformString(wanted)];
  throw new DockerError(
    'NotFound',
    ids.length > 1
      ? `image with reference ${text} was found but does not provide the specified platform (${asked})`
      : `image with reference ${text} was found but its platform (${actual}) does not match the specified platform (${asked})`,
  );
}

/** Whether every image of the index is here: then it can be handed on whole. */
export async function isComplete(library: Library, record: IndexRecord): Promise<boolean> {
  const index = parseManifest(await library.content.read(record.index.digest), record.index.mediaType);
  if (index.kind !== 'index') return false;
  const here = new Set(Object.values(record.images).map(({ manifest }) => manifest));
  return index.manifests.every(({ digest }) => here.has(digest));
}

/** Whether a platform is what was asked for, or the host would run it as that. */
export const serves = (wanted: readonly Platform[], offered: Platform): boolean =>
  wanted.length === 0 || wanted.some((platform) => platformRank(platform, offered) !== undefined);
