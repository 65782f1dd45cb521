/** From what a user types to an image: a name, a digest, an id or the beginning of one. */
import { type Digest, hexOf } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parsePlatform, platformRank, platformString } from '@tsdocker/shared/platform.ts';
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
import type { ResolvedImage } from './service.types.ts';

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

/** @throws as findImage; NotFound when the image is of another platform */
export async function resolveImage(
  library: Library,
  text: string,
  platform: string | undefined,
): Promise<ResolvedImage> {
  const id = findImage(library, text);
  const config = await library.config(id);
  if (platform !== undefined && platform !== '') {
    const wanted = parsePlatform(platform);
    if (platformRank(wanted, config.platform) === undefined) {
      const [actual, asked] = [platformString(config.platform), platformString(wanted)];
      throw new DockerError(
        'NotFound',
        `image with reference ${text} was found but its platform (${actual}) does not match the specified platform (${asked})`,
      );
    }
  }
  const { os, architecture } = config.platform;
  return { id, config: config.config, os, architecture, diffIds: config.diffIds };
}
