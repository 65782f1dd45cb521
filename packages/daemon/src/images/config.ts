/** The image configuration: a JSON document whose digest is the image's id. @see OCI image-spec config.md */
import { sha256Of } from '@tsdocker/registry/sha256.ts';
import { type Digest, isSha256 } from '@tsdocker/shared/digest.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Platform } from '@tsdocker/shared/platform.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';

export interface HistoryEntry {
  created?: string;
  author?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** What is read of a configuration; the rest stays in its bytes. */
export interface ParsedConfig {
  platform: Platform;
  /** RFC 3339; undefined when the image does not say. */
  created: string | undefined;
  author: string | undefined;
  comment: string | undefined;
  config: ImageConfig;
  diffIds: Digest[];
  history: HistoryEntry[];
}

export const MAX_CONFIG_BYTES = 8 << 20;

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);
const text = (v: unknown): string | undefined => (typeof v === 'string' && v !== '' ? v : undefined);
const isStrings = (v: unknown): v is string[] => Array.isArray(v) && v.every((s) => typeof s === 'string');

/** @throws InvalidParameter */
export function parseConfig(bytes: Buffer): ParsedConfig {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (err) {
    throw new DockerError('InvalidParameter', `invalid image configuration: ${(err as Error).message}`, { cause: err });
  }
  if (!isObject(json)) throw invalid('not an object');
  const rootfs = json['rootfs'];
  // Docker's own check; without it a schema 1 configuration would become an image without layers.
  if (!isObject(rootfs)) throw invalid('no RootFS key');
  const diffIds = rootfs['diff_ids'] ?? [];
  if (!Array.isArray(diffIds) || !diffIds.every(isSha256)) throw invalid('bad diff_ids');
  const os = text(json['os']);
  const architecture = text(json['architecture']);
  if (!os || !architecture) throw invalid('no os or architecture');
  const [variant, version] = [text(json['variant']), text(json['os.version'])];
  return {
    platform: { os, architecture, ...(variant && { variant }), ...(version && { 'os.version': version }) },
    created: validTime(json['created']),
    author: text(json['author']),
    comment: text(json['comment']),
    config: parseDefaults(json['config']),
    diffIds,
    history: Array.isArray(json['history']) ? json['history'].filter(isObject).map(parseHistory) : [],
  };
}

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', `invalid image configuration: ${message}`);
}

function validTime(value: unknown): string | undefined {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function parseHistory(entry: Json): HistoryEntry {
  const created = validTime(entry['created']);
  const [author, by, comment] = [text(entry['author']), text(entry['created_by']), text(entry['comment'])];
  return {
    ...(created && { created }),
    ...(author && { author }),
    ...(by && { created_by: by }),
    ...(comment && { comment }),
    ...(entry['empty_layer'] === true && { empty_layer: true }),
  };
}

/** The container defaults: members of a wrong type are an error, unknown ones are dropped, null is unset. */
function parseDefaults(value: unknown): ImageConfig {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw invalid('config is not an object');
  // In the order of the engine's own structure, which is the order people see.
  const checks: Record<string, (v: unknown) => boolean> = {
    User: (v) => typeof v === 'string',
    ExposedPorts: isObject,
    Env: isStrings,
    Cmd: isStrings,
    Healthcheck: isObject,
    ArgsEscaped: (v) => typeof v === 'boolean',
    Volumes: isObject,
    WorkingDir: (v) => typeof v === 'string',
    Entrypoint: isStrings,
    OnBuild: isStrings,
    Labels: (v) => isObject(v) && Object.values(v).every((s) => typeof s === 'string'),
    StopSignal: (v) => typeof v === 'string',
    Shell: isStrings,
  };
  const out: Json = {};
  for (const [name, check] of Object.entries(checks)) {
    const member = value[name];
    if (member === undefined || member === null) continue;
    if (!check(member)) throw invalid(`config.${name} has a wrong type`);
    out[name] = member;
  }
  return out as ImageConfig;
}

/** Chain ids of the layers, base first. @see OCI image-spec config.md, "Layer ChainID" */
export function chainIdsOf(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = chain.at(-1);
    chain.push(parent === undefined ? diffId : sha256Of(`${parent} ${diffId}`));
  }
  return chain;
}
