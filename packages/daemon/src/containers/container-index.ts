/** All containers by id, id prefix and name, in creation order. */
import type { Container } from './container.ts';
import { ambiguousPrefix, containerNotFound, invalid, nameInUse } from './errors.ts';

/** Ids are found by prefix through buckets of their first digits: a look-up never walks all containers. */
const BUCKET_DIGITS = 3;

export class ContainerIndex {
  readonly #byId = new Map<string, Container>();
  /** Name -> id. A name is taken before its container exists, so that of two creates at once one fails. */
  readonly #names = new Map<string, string>();
  readonly #buckets = new Map<string, Set<Container>>();

  /** @param ref full id, name (with or without slash) or unique id prefix; an exact name wins over a prefix @throws NotFound, InvalidParameter */
  get(ref: string): Container {
    const found = this.find(ref);
    if (!found) throw containerNotFound(ref);
    return found;
  }

  /** As get, undefined when there is none. @throws InvalidParameter empty or ambiguous */
  find(ref: string): Container | undefined {
    if (ref === '') throw invalid('no container name or ID supplied');
    const exact = this.#byId.get(ref) ?? this.#byId.get(this.#names.get(ref.replace(/^\//, '')) ?? '');
    if (exact || !/^[0-9a-f]+$/.test(ref)) return exact;
    const matches = [...this.#candidates(ref)].filter((c) => c.id.startsWith(ref));
    if (matches.length > 1) throw ambiguousPrefix(ref);
    return matches[0];
  }

  #candidates(prefix: string): Iterable<Container> {
    if (prefix.length < BUCKET_DIGITS) return this.#byId.values();
    return this.#buckets.get(prefix.slice(0, BUCKET_DIGITS)) ?? [];
  }

  /** Takes a name. @throws Conflict when another container has it */
  reserve(name: string, id: string): void {
    const owner = this.#names.get(name);
    if (owner !== undefined && owner !== id) throw nameInUse(name, owner);
    this.#names.set(name, id);
  }

  release(name: string, id: string): void {
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  isTaken(name: string): boolean {
    return this.#names.has(name);
  }

  add(container: Container): void {
    this.#byId.set(container.id, container);
    const key = container.id.slice(0, BUCKET_DIGITS);
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.add(container);
    else this.#buckets.set(key, new Set([container]));
  }

  delete(container: Container): void {
    this.#byId.delete(container.id);
    const key = container.id.slice(0, BUCKET_DIGITS);
    const bucket = this.#buckets.get(key);
    bucket?.delete(container);
    if (bucket?.size === 0) this.#buckets.delete(key);
    this.release(container.name, container.id);
  }

  values(): IterableIterator<Container> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }
}
