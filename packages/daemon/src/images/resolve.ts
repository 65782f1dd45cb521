/** From what a user types to an image: a name, a digest, an id or the beginning of one. */
import { type Digest, hexOf } from '@tsdocker/shared/digest.ts';
import {
  type AnyReference,
  nameOf,
  parseAnyReference,
  parseReference,
  type Reference,
  referenceString,
  withDefaultTag,
} from '@tsdocker/shared/reference.ts';
import { noSuchImage } from './errors.ts';
import type { Library } from './library.ts';

/** @returns the image's id @throws InvalidParameter, NotFound `No such image: x:latest` */
export function findImage(library: Library, text: string): Digest {
  const ref = parseAnyReference(text);
  const found = byName(library, ref) ?? byPrefix(library, text);
  if (found === undefined) throw noSuchImage(ref);
  return found;
}

function byName(library: Library, ref: AnyReference): Digest | undefined {
  const { images, references } = library.state;
  if (ref.kind === 'digest') return images[ref.digest] ? ref.digest : undefined;
  const { domain, path, digest } = ref.reference;
  const name = digest ? referenceString({ domain, path, digest }) : referenceString(withDefaultTag(ref.reference));
  return references[name];
}

/** All tags of a repository, in the order they were first made. */
export function tagsOf(library: Library, repository: Reference): { name: Reference; id: Digest }[] {
  return Object.entries(library.state.references)
    .map(([text, id]) => ({ name: parseReference(text), id }))
    .filter(({ name }) => name.tag !== undefined && nameOf(name) === nameOf(repository));
}

/** An ambiguous prefix names nothing. */
function byPrefix(library: Library, text: string): Digest | undefined {
  const prefix = text.startsWith('sha256:') ? hexOf(text) : text;
  if (!/^[a-f0-9]{1,64}$/.test(prefix)) return undefined;
  const matches = Object.keys(library.state.images).filter((id) => hexOf(id).startsWith(prefix));
  return matches.length === 1 ? matches[0] : undefined;
}

/** Whether `text` named the image by its id rather than by a name. */
export function isIdPrefix(imageId: Digest, text: string): boolean {
  return imageId.startsWith(text) || hexOf(imageId).startsWith(text);
}
