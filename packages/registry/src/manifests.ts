/**
 * Reads manifests and indexes. What a registry serves is hostile until its shape is checked; the bytes themselves are
 * kept as they came.
 * @see OCI image-spec manifest.md, image-index.md
 */
import { type Digest, isSha256 } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { type Platform, selectPlatform } from '@tsdocker/shared/platform.ts';
import { isConfigType, isIndexType, isLayerType, isManifestType, isSchema1Type } from './media-types.ts';

export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  platform?: Platform;
  annotations?: Record<string, string>;
}

export interface ImageManifest {
  kind: 'image';
  mediaType: string;
  config: Descriptor;
  /** Base first. */
  layers: Descriptor[];
}

export interface ImageIndex {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
}

/** overlayfs takes 500 lower directories; one is the init layer. */
const MAX_LAYERS = 499;
const MAX_INDEX_ENTRIES = 10_000;

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}

/**
 * @param declared the media type it was served or described with; empty when unknown
 * @throws InvalidParameter also for schema 1 and for manifests that hold no image
 */
export function parseManifest(bytes: Buffer, declared: string): ImageManifest | ImageIndex {
  const json = parseObject(bytes);
  const own = typeof json['mediaType'] === 'string' ? json['mediaType'] : '';
  if (json['schemaVersion'] === 1 || isSchema1Type(declared) || isSchema1Type(own)) {
    throw invalid(
      'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Please contact the image owner or registry to update the image',
    );
  }
  if (json['schemaVersion'] !== 2) throw invalid('unsupported manifest schema version');
  // One document must not be an index to one reader and an image to another.
  if ('manifests' in json && ('layers' in json || 'config' in json))
    throw invalid('ambiguous manifest: both an index and an image');
  const known = (type: string) => isIndexType(type) || isManifestType(type);
  if (known(declared) && own !== '' && own !== declared)
    throw invalid(`manifest media type ${own} does not match ${declared}`);
  const mediaType = own || declared;
  if (isIndexType(mediaType) || (!known(mediaType) && 'manifests' in json)) return parseIndex(json, mediaType);
  if (isManifestType(mediaType) || (!known(mediaType) && 'layers' in json)) return parseImage(json, mediaType);
  throw invalid(`unsupported manifest media type ${JSON.stringify(mediaType)}`);
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (err) {
    throw new DockerError('InvalidParameter', `invalid manifest: ${(err as Error).message}`, { cause: err });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid('invalid manifest: not an object');
  return json as Record<string, unknown>;
}

function parseIndex(json: Record<string, unknown>, mediaType: string): ImageIndex {
  const { manifests } = json;
  if (!Array.isArray(manifests) || manifests.length > MAX_INDEX_ENTRIES) throw invalid('invalid manifest list');
  return { kind: 'index', mediaType, manifests: manifests.map(parseDescriptor) };
}

function parseImage(json: Record<string, unknown>, mediaType: string): ImageManifest {
  const config = parseDescriptor(json['config']);
  if (!Array.isArray(json['layers'])) throw invalid('invalid manifest: no layers');
  if (json['layers'].length > MAX_LAYERS) throw new DockerError('System', 'max depth exceeded');
  const layers = json['layers'].map(parseDescriptor);
  const bad = isConfigType(config.mediaType) ? layers.find((l) => !isLayerType(l.mediaType)) : config;
  if (bad) throw invalid(`unsupported media type ${bad.mediaType}`);
  return { kind: 'image', mediaType, config, layers };
}

/** @throws InvalidParameter */
export function parseDescriptor(value: unknown): Descriptor {
  const d = (value ?? {}) as Record<string, unknown>;
  const { mediaType, digest, size } = d;
  if (typeof mediaType !== 'string' || !Number.isSafeInteger(size) || (size as number) < 0)
    throw invalid('invalid manifest: bad descriptor');
  if (!isSha256(digest)) throw invalid(`invalid manifest: unsupported digest ${JSON.stringify(digest)}`);
  const platform = parsePlatformObject(d['platform']);
  const annotations = stringMap(d['annotations']);
  return {
    mediaType,
    digest,
    size: size as number,
    ...(platform && { platform }),
    ...(annotations && { annotations }),
  };
}

/** The members of a descriptor's `platform` or of an image's configuration that name a platform. */
export function parsePlatformObject(value: unknown): Platform | undefined {
  const p = value as Record<string, unknown> | null | undefined;
  if (typeof p?.['os'] !== 'string' || typeof p['architecture'] !== 'string') return undefined;
  const { variant, 'os.version': version, 'os.features': features } = p;
  return {
    os: p['os'],
    architecture: p['architecture'],
    ...(typeof variant === 'string' && variant !== '' && { variant }),
    ...(typeof version === 'string' && version !== '' && { 'os.version': version }),
    ...(Array.isArray(features) &&
      features.length > 0 && { 'os.features': features.filter((f) => typeof f === 'string') }),
  };
}

function stringMap(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string'));
}

/** The entry for a platform; entries without one only count when the index has no other. */
export function selectManifest(index: ImageIndex, wanted: Platform): Descriptor | undefined {
  const found = selectPlatform(index.manifests, (m) => m.platform, wanted);
  const [only] = index.manifests;
  return found ?? (index.manifests.length === 1 && only && !only.platform ? only : undefined);
}
