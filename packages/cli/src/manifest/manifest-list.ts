/** The list that stands for several images: an OCI index when the first of them is OCI, else docker's manifest list. */
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '@tsdocker/registry/media-types.ts';
import { parseReference, type Reference } from '@tsdocker/shared/reference.ts';
import { escapeHtml } from '@tsdocker/shared/template/values.ts';
import { StatusError } from '../status-error.ts';
import { type ImageManifest, orderedPlatform } from './image-manifest.ts';

export interface ManifestList {
  mediaType: string;
  /** Exactly as it is shown and pushed. */
  json: string;
}

/** @throws StatusError for an image of another registry, or one without a platform */
export function manifestList(target: Reference, images: readonly ImageManifest[]): ManifestList {
  const manifests = images.map((image) => entryOf(target, image));
  const mediaType = manifests[0]?.mediaType === OCI_MANIFEST ? OCI_INDEX : DOCKER_LIST;
  return { mediaType, json: escapeHtml(JSON.stringify({ schemaVersion: 2, mediaType, manifests }, null, '   ')) };
}

function entryOf(target: Reference, { Ref, Descriptor }: ImageManifest) {
  const { domain } = parseReference(Ref);
  if (domain !== target.domain) {
    throw new StatusError(
      1,
      `cannot use source images from a different registry than the target image: ${domain} != ${target.domain}`,
    );
  }
  const { mediaType, size, digest, platform } = Descriptor;
  if (!platform?.os || !platform.architecture)
    throw new StatusError(1, `manifest ${Ref} must have an OS and Architecture to be pushed to a registry`);
  return { mediaType, size, digest, platform: orderedPlatform(platform) };
}

/** Combinations that `annotate` takes. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  darwin: ['386', 'amd64', 'arm', 'arm64'],
  dragonfly: ['amd64'],
  freebsd: ['386', 'amd64', 'arm'],
  linux: ['386', 'amd64', 'arm', 'arm64', 'ppc64le', 'mips64', 'mips64le', 'riscv64', 's390x'],
  netbsd: ['386', 'amd64', 'arm'],
  openbsd: ['386', 'amd64', 'arm'],
  plan9: ['386', 'amd64'],
  solaris: ['amd64'],
  windows: ['386', 'amd64'],
};

export function isKnownPlatform(os: string, architecture: string): boolean {
  return KNOWN[os]?.includes(architecture) ?? false;
}
