/** Untags and deletes images, by Docker's rules about names, children and containers. @see Engine API `ImageDelete` */
import { type Digest, shortId } from '@tsdocker/shared/digest.ts';
import { codeOf } from '@tsdocker/shared/errors.ts';
import { parsePlatform } from '@tsdocker/shared/platform.ts';
import { familiarString, nameOf, parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { ImageDeleteResponseItem } from '@tsdocker/shared/types/image.ts';
import { untilMillis } from '@tsdocker/shared/until.ts';
import { deleteConflict, noSuchImage, untagConflict } from './errors.ts';
import { booleanFilter, checkFilters, type Filters, labelsAvoid, labelsMatch } from './filters.ts';
import type { Library } from './library.ts';
import { findImage, isIdPrefix } from './resolve.ts';
import { dropName, dropVariant, findVariant, isHeldVariant, namesHolding, variantsOf } from './variants.ts';

export interface RemoveOptions {
  force: boolean;
  noPrune: boolean;
  /** Only these of the images that the name stands for; undefined or empty: all. */
  platforms?: readonly string[];
}

/** At most one tag, and every digest reference in that tag's repository. */
function isSingleReference(refs: readonly string[]): boolean {
  if (refs.length <= 1) return true;
  const parsed = refs.map(parseReference);
  if (parsed.filter((r) => !r.digest).length > 1) return false;
  return new Set(parsed.map(nameOf)).size === 1;
}

/** @throws NotFound; Conflict in Docker's words */
export async function removeImage(
  library: Library,
  text: string,
  opts: RemoveOptions,
): Promise<ImageDeleteResponseItem[]> {
  if (opts.platforms && opts.platforms.length > 0) return await removePlatforms(library, text, opts.platforms, opts);
  const id = findImage(library, text);
  const run = new Removal(library);
  const byId = isIdPrefix(id, text);
  if (byId) {
    const refs = library.store.referencesOf(id);
    if (isSingleReference(refs)) {
      run.checkConflicts(id, { soft: !opts.force, references: false });
      await run.untag(id, refs);
    }
  } else if (!(await removeName(library, run, id, text, opts.force))) return run.records;
  try {
    await run.deleteImage(id, opts);
  } catch (err) {
    // The name is gone, which was asked for: what still needs the image is no failure.
    if (byId || codeOf(err) !== 'Conflict' || run.isDangling(id)) throw err;
  }
  await run.deleteOrphans();
  return run.records;
}

/** Takes images of some platforms out of a name; with the last of them the name goes, too. */
async function removePlatforms(
  library: Library,
  text: string,
  platforms: readonly string[],
  opts: RemoveOptions,
): Promise<ImageDeleteResponseItem[]> {
  const records: ImageDeleteResponseItem[] = [];
  for (const platform of platforms) {
    const id = await findVariant(library, text, parsePlatform(platform));
    if (variantsOf(library, text).length === 1) {
      records.push(...(await removeImage(library, text, { force: opts.force, noPrune: opts.noPrune })));
      continue;
    }
    const run = new Removal(library);
    run.checkConflicts(id, { soft: !opts.force, references: false });
    await library.store.update((draft) => dropVariant(draft, id));
    // Another name may stand for it alone.
    if (namesHolding(library.state, id).length === 0) await run.deleteImage(id, opts);
    records.push(...run.records);
  }
  return records;
}

/** @returns whether the image has no name left */
async function removeName(library: Library, run: Removal, id: Digest, text: string, force: boolean): Promise<boolean> {
  const refs = library.store.referencesOf(id);
  const [user] = variantsOf(library, text).flatMap((image) => library.users.containersOf(image));
  if (!force && isSingleReference(refs) && user) throw untagConflict(text, user.id, id);
  const given = parseReference(text);
  const { domain, path, digest } = given;
  const name = digest ? referenceString({ domain, path, digest }) : referenceString(withDefaultTag(given));
  if (!refs.includes(name)) throw noSuchImage({ kind: 'named', reference: given });
  const gone = [name];
  if (!digest) {
    // The last tag of a repository takes the repository's digest references along.
    const siblings = refs.filter((r) => r !== name && nameOf(parseReference(r)) === nameOf(given));
    if (siblings.every((r) => parseReference(r).digest)) gone.push(...siblings);
  }
  // Docker tells of the name that was given only.
  await run.untag(id, gone, 1);
  return library.store.referencesOf(id).length === 0;
}

/** One request's work and its answer so far. */
class Removal {
  readonly records: ImageDeleteResponseItem[] = [];
  readonly #library: Library;
  /** Images of other platforms whose name was removed. */
  readonly #orphans = new Set<Digest>();

  constructor(library: Library) {
    this.#library = library;
  }

  /** Deletes images of other platforms that no name holds any more; one in use stays. */
  async deleteOrphans(): Promise<void> {
    for (const id of this.#orphans)
      if (this.#library.state.images[id] && namesHolding(this.#library.state, id).length === 0)
        await this.#deleteUnused(id);
  }

  /** Removes the names in one change. @param events how many of them are worth an event */
  async untag(id: Digest, refs: readonly string[], events = refs.length): Promise<void> {
    if (refs.length === 0) return;
    await this.#library.store.update((draft) => {
      for (const ref of refs)
        if (draft.references[ref] === id) for (const other of dropName(draft, ref)) this.#orphans.add(other);
    });
    for (const ref of refs) this.records.push({ Untagged: familiarString(parseReference(ref)) });
    for (let i = 0; i < events; i++) await this.#library.publish('untag', id, id, id);
  }

  /** Nothing needs it: no name, no image made from it, no container. */
  isDangling(id: Digest): boolean {
    const { state, store, users } = this.#library;
    const isParent = Object.values(state.images).some((image) => image.parent === id);
    return !isParent && store.referencesOf(id).length === 0 && users.containersOf(id).length === 0;
  }

  /** @throws Conflict */
  checkConflicts(id: Digest, checks: { soft: boolean; references: boolean }): void {
    const { state, users } = this.#library;
    if (Object.values(state.images).some((i) => i.parent === id))
      throw deleteConflict(id, true, 'image has dependent child images');
    const containers = users.containersOf(id);
    const running = containers.find((c) => c.running);
    if (running) throw deleteConflict(id, true, `image is being used by running container ${shortId(running.id)}`);
    if (!checks.soft) return;
    if (checks.references && this.#library.store.referencesOf(id).length > 0) {
      throw deleteConflict(id, false, 'image is referenced in multiple repositories');
    }
    const stopped = containers[0];
    if (stopped) throw deleteConflict(id, false, `image is being used by stopped container ${shortId(stopped.id)}`);
  }

  /** Deletes an image, its layers, and parents that nothing else needs. */
  async deleteImage(id: Digest, opts: RemoveOptions): Promise<void> {
    this.checkConflicts(id, { soft: !opts.force, references: true });
    const library = this.#library;
    const record = library.state.images[id];
    if (!record) return;
    await this.untag(id, library.store.referencesOf(id));
    await library.config(id).catch(() => undefined); // its labels are in the event that follows the deletion
    await library.store.update((draft) => {
      delete draft.images[id];
    });
    await library.publish('delete', id, id, id);
    this.records.push({ Deleted: id });
    const removed = new Set(await library.collect());
    for (const chainId of record.chainIds.toReversed())
      if (removed.has(chainId)) this.records.push({ Deleted: chainId });
    if (!opts.noPrune && record.parent && library.store.referencesOf(record.parent).length === 0)
      await this.#deleteUnused(record.parent);
  }

  /** One that is in use simply stays. */
  async #deleteUnused(id: Digest): Promise<void> {
    try {
      await this.deleteImage(id, { force: false, noPrune: false });
    } catch (err) {
      if (codeOf(err) !== 'Conflict') throw err;
    }
  }
}

/** @see Engine API `ImagePrune` */
export async function pruneImages(
  library: Library,
  filters: Filters,
): Promise<{ deleted: ImageDeleteResponseItem[]; reclaimedBytes: number }> {
  checkFilters(filters, ['dangling', 'label', 'label!', 'until']);
  const danglingOnly = booleanFilter(filters, 'dangling') ?? true;
  const until = untilMillis(filters);
  const sizes = new Map(Object.entries(library.state.layers).map(([id, l]) => [id, l.sizeBytes]));
  const deleted: ImageDeleteResponseItem[] = [];
  for (const id of Object.keys(library.state.images)) {
    if (!library.state.images[id]) continue;
    const config = await library.config(id);
    const labels = config.config.Labels ?? {};
    if (until !== undefined && (!config.created || Date.parse(config.created) > until)) continue;
    if (!labelsMatch(filters['label'], labels) || !labelsAvoid(filters['label!'], labels)) continue;
    deleted.push(...(await pruneOne(library, id, danglingOnly)));
  }
  const reclaimedBytes = deleted.reduce((sum, item) => sum + (sizes.get(item.Deleted ?? '') ?? 0), 0);
  library.events.publish({ type: 'image', action: 'prune', id: '', attributes: { reclaimed: String(reclaimedBytes) } });
  return { deleted, reclaimedBytes };
}

async function pruneOne(library: Library, id: Digest, danglingOnly: boolean): Promise<ImageDeleteResponseItem[]> {
  // Gone, or to go, with the name that holds it.
  if (!library.state.images[id] || isHeldVariant(library.state, id)) return [];
  const refs = library.store.referencesOf(id);
  const isParent = Object.values(library.state.images).some((i) => i.parent === id);
  if (refs.length === 0 && isParent) return [];
  if (danglingOnly && refs.some((r) => !parseReference(r).digest)) return [];
  const deleted: ImageDeleteResponseItem[] = [];
  for (const name of refs.length > 0 ? refs : [id]) {
    try {
      deleted.push(...(await removeImage(library, name, { force: false, noPrune: false })));
    } catch (err) {
      // In use, or gone with the name before.
      if (codeOf(err) !== 'Conflict' && codeOf(err) !== 'NotFound') throw err;
    }
  }
  return deleted;
}
