/** One image's manifest as `manifest` keeps and shows it: docker's own form, so that both programs share one store. */
import { type Descriptor, parseDescriptor, parsePlatformObject } from '@tsdocker/registry/manifests.ts';
import { DOCKER_MANIFEST } from '@tsdocker/registry/media-types.ts';
import { sha256Of } from '@tsdocker/registry/sha256.ts';
import type { Platform } from '@tsdocker/shared/platform.ts';

/** A file of the store, and an element of what `inspect --verbose` prints. */
export interface ImageManifest {
  /** Complete: `docker.io/library/app:1`. */
  Ref: string;
  Descriptor: { mediaType: string; digest: string; size: number; platform?: Platform };
  /** base64 of the manifest as the registry has it. */
  Raw: string;
  /** The same as JSON, under the name of its kind. */
  SchemaV2Manifest?: unknown;
  OCIManifest?: unknown;
}

/** @param bytes as served @throws Error when they are no JSON */
export function imageManifest(
  ref: string,
  bytes: Buffer,
  mediaType: string,
  platform: Platform | undefined,
): ImageManifest {
  const digest = sha256Of(bytes);
  const document: unknown = JSON.parse(bytes.toString('utf8'));
  return {
    Ref: ref,
    Descriptor: { mediaType, digest, size: bytes.length, ...(platform && { platform: orderedPlatform(platform) }) },
    Raw: bytes.toString('base64'),
    ...(mediaType === DOCKER_MANIFEST ? { SchemaV2Manifest: document } : { OCIManifest: document }),
  };
}

export const rawBytes = (manifest: ImageManifest): Buffer => Buffer.from(manifest.Raw, 'base64');

/** What must be in a repository before the manifest may be: configuration and layers. @throws InvalidParameter */
export function blobsOf(manifest: ImageManifest): Descriptor[] {
  const { config, layers } = JSON.parse(rawBytes(manifest).toString('utf8')) as { config?: unknown; layers?: unknown };
  return [...(Array.isArray(layers) ? layers : []), config].map(parseDescriptor);
}

/** The members in the order docker writes them; empty ones left out. */
export function orderedPlatform(platform: Platform): Platform {
  const { architecture, os, variant, 'os.version': version, 'os.features': features } = platform;
  return {
    architecture,
    os,
    ...(version && { 'os.version': version }),
    ...(features && features.length > 0 && { 'os.features': features }),
    ...(variant && { variant }),
  };
}

/** The platform an image's configuration names. */
export function platformOfConfig(bytes: Buffer): Platform | undefined {
  return parsePlatformObject(JSON.parse(bytes.toString('utf8')));
}
