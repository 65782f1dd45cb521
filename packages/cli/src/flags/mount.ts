import { resolve } from 'node:path';
import { parseBool } from '@tsdocker/shared/go-number.ts';
import type { Mount } from '@tsdocker/shared/types/container.ts';
import { parseBytes } from './bytes.ts';
import { parseCsvRecord } from './csv.ts';
import { cut, parseUint } from './go-number.ts';
import { toMap } from './label.ts';

type BindOptions = NonNullable<Mount['BindOptions']>;
type VolumeOptions = NonNullable<Mount['VolumeOptions']>;
type TmpfsOptions = NonNullable<Mount['TmpfsOptions']>;

/** The fields as they are collected; each option group exists once one of its keys was given. */
interface Draft {
  type: string;
  source: string;
  target: string;
  readOnly: boolean;
  consistency: string;
  bind?: Partial<BindOptions>;
  volume?: Partial<VolumeOptions>;
  /** `key=value` entries. */
  volumeLabels: string[];
  volumeOptions: string[];
  image?: { Subpath?: string };
  tmpfs?: TmpfsOptions;
}

/**
 * --mount: comma separated `key=value` fields, quoted as CSV.
 * @param cwd a source that begins with a dot is relative to it
 * @throws Docker's words for unknown keys, bad values, groups that do not fit the type, a missing target
 */
export function parseMount(text: string, cwd: string): Mount {
  const draft: Draft = {
    type: 'volume',
    source: '',
    target: '',
    readOnly: false,
    consistency: '',
    volumeLabels: [],
    volumeOptions: [],
  };
  for (const field of parseCsvRecord(text)) {
    const { before, after, found } = cut(field, '=');
    const key = before.toLowerCase();
    if (found) setField(draft, key, after, field);
    else setBareField(draft, key, field);
  }
  if (draft.source.startsWith('.')) draft.source = resolve(cwd, draft.source);
  checkGroups(draft);
  return toMount(draft);
}

function setBareField(draft: Draft, key: string, field: string): void {
  if (!['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive'].includes(key)) {
    throw new Error(`invalid field '${field}' must be a key=value pair`);
  }
  setField(draft, key, 'true', field);
}

function setField(draft: Draft, key: string, value: string, field: string): void {
  switch (key) {
    case 'type':
      draft.type = value.toLowerCase();
      break;
    case 'source':
    case 'src':
      draft.source = value;
      break;
    case 'target':
    case 'dst':
    case 'destination':
      draft.target = value;
      break;
    case 'readonly':
    case 'ro':
      draft.readOnly = boolOf(key, value);
      break;
    case 'consistency':
      draft.consistency = value.toLowerCase();
      break;
    case 'image-subpath':
      draft.image = { Subpath: value };
      break;
    default:
      setOption(draft, key, value, field);
  }
}

function setOption(draft: Draft, key: string, value: string, field: string): void {
  switch (key) {
    case 'bind-propagation':
      draft.bind = { ...draft.bind, Propagation: value.toLowerCase() as NonNullable<BindOptions['Propagation']> };
      break;
    case 'bind-nonrecursive':
      draft.bind = { ...draft.bind, NonRecursive: boolOf(key, value) };
      break;
    case 'bind-recursive':
      draft.bind = { ...draft.bind, ...recursionOf(value) };
      break;
    case 'volume-subpath':
      draft.volume = { ...draft.volume, Subpath: value };
      break;
    case 'volume-nocopy':
      draft.volume = { ...draft.volume, NoCopy: boolOf(key, value) };
      break;
    case 'volume-label':
      draft.volume ??= {};
      if (!value.startsWith('=') && value !== '') draft.volumeLabels.push(value);
      break;
    case 'volume-driver':
      draft.volume = { ...draft.volume, DriverConfig: { Name: value } };
      break;
    case 'volume-opt':
      draft.volume ??= {};
      if (!value.startsWith('=') && value !== '') draft.volumeOptions.push(value);
      break;
    case 'tmpfs-size':
      draft.tmpfs = { ...draft.tmpfs, SizeBytes: checkedValue(key, value, () => parseBytes(value)) };
      break;
    case 'tmpfs-mode':
      draft.tmpfs = { ...draft.tmpfs, Mode: checkedValue(key, value, () => parseUint(value, 8, 32)) };
      break;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function checkedValue<T>(key: string, value: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

function boolOf(key: string, value: string): boolean {
  return checkedValue(key, value, () => parseBool(value));
}

function recursionOf(value: string): Partial<BindOptions> {
  switch (value) {
    case 'enabled':
      return {};
    case 'disabled':
      return { NonRecursive: true };
    case 'writable':
      return { ReadOnlyNonRecursive: true };
    case 'readonly':
      return { ReadOnlyForceRecursive: true };
    default:
      throw new Error(
        `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
      );
  }
}

function checkGroups(draft: Draft): void {
  if (draft.type === '') throw new Error('type is required');
  for (const group of ['volume', 'bind', 'image', 'tmpfs'] as const) {
    if (draft[group] && draft.type !== group) {
      throw new Error(`cannot mix '${group}-*' options with mount type '${draft.type}'`);
    }
  }
  if (draft.target === '') throw new Error('target is required');
  const { bind, readOnly } = draft;
  const requires = (recursive: string, other: string): Error =>
    new Error(`option 'bind-recursive=${recursive}' requires '${other}' to be specified in conjunction`);
  if (bind?.ReadOnlyNonRecursive && !readOnly) throw requires('writable', 'readonly');
  if (!bind?.ReadOnlyForceRecursive) return;
  if (!readOnly) throw requires('readonly', 'readonly');
  if (bind.Propagation !== 'rprivate') throw requires('readonly', 'bind-propagation=rprivate');
}

function toMount(draft: Draft): Mount {
  const mount: Mount = { Type: draft.type as NonNullable<Mount['Type']>, Target: draft.target };
  if (draft.source !== '') mount.Source = draft.source;
  if (draft.readOnly) mount.ReadOnly = true;
  if (draft.consistency !== '') mount.Consistency = draft.consistency;
  if (draft.bind) mount.BindOptions = draft.bind as BindOptions;
  if (draft.volume) mount.VolumeOptions = volumeOptionsOf(draft, draft.volume);
  if (draft.image) mount.ImageOptions = draft.image;
  if (draft.tmpfs) mount.TmpfsOptions = draft.tmpfs;
  return mount;
}

function volumeOptionsOf(draft: Draft, volume: Partial<VolumeOptions>): VolumeOptions {
  const options = { ...volume } as VolumeOptions;
  if (draft.volumeLabels.length > 0) options.Labels = toMap(draft.volumeLabels);
  if (draft.volumeOptions.length > 0) {
    options.DriverConfig = { ...options.DriverConfig, Options: toMap(draft.volumeOptions) };
  }
  return options;
}
