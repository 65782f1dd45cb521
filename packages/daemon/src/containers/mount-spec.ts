/** Binds, Mounts and Tmpfs of a create request, parsed and checked; nothing here touches the disk but the look for bind sources. */
import { stat } from 'node:fs/promises';
import type { Mount } from '@tsdocker/shared/types/container.ts';
import { invalid } from './errors.ts';
import { cleanDirectory } from './merge-image.ts';

/** A mount as asked for; volumes still without their directory. */
export interface MountSpec {
  type: 'bind' | 'volume' | 'tmpfs';
  /** Host path or volume name; '' = anonymous volume or tmpfs. */
  source: string;
  destination: string;
  mode: string;
  readOnly: boolean;
  propagation: string;
  noCopy: boolean;
  createSource: boolean;
  nonRecursive: boolean;
  subpath?: string;
  options: string[];
  driver?: { name?: string; options?: Record<string, string> };
  labels?: Record<string, string>;
}

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];
const MODE_WORDS: Record<string, 'access' | 'label' | 'copy' | 'propagation' | 'consistency'> = {
  ro: 'access',
  rw: 'access',
  z: 'label',
  Z: 'label',
  nocopy: 'copy',
  consistent: 'consistency',
  cached: 'consistency',
  delegated: 'consistency',
  ...Object.fromEntries(PROPAGATIONS.map((p) => [p, 'propagation'])),
};
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** `/src:/dst[:mode]`, `name:/dst[:mode]`, `/dst`. @throws InvalidParameter */
export function parseBind(raw: string): MountSpec {
  const parts = raw.split(':');
  const bad = (why?: string) => invalid(`invalid volume specification: '${raw}'${why ? `: ${why}` : ''}`);
  if (parts.length > 3 || parts[0] === '') throw bad();
  // Docker has no mode for an anonymous volume: `/data:ro` is refused, not read as a volume named /data.
  if (parts.length === 2 && isMode(parts[1]!)) throw bad();
  const [source, destination, mode] = parts.length === 1 ? ['', parts[0]!, ''] : [parts[0]!, parts[1]!, parts[2] ?? ''];
  if (mode !== '' && !isMode(mode)) throw invalid(`invalid mode: ${mode}`);
  const words = mode === '' ? [] : mode.split(',');
  const type = source.startsWith('/') ? 'bind' : 'volume';
  const propagation = words.find((w) => MODE_WORDS[w] === 'propagation');
  const prefix = `invalid mount config for type "${type}"`;
  if (type === 'volume' && propagation) throw bad(`${prefix}: field BindOptions must not be specified`);
  if (type === 'bind' && words.includes('nocopy')) throw bad(`${prefix}: field VolumeOptions must not be specified`);
  const wrong = destinationError(destination);
  if (wrong) throw bad(`${prefix}: ${wrong}`);
  return {
    type,
    source: type === 'bind' ? cleanDirectory(source) : source,
    destination: cleanDirectory(destination),
    mode: type === 'volume' && mode === '' ? 'z' : mode,
    readOnly: words.includes('ro'),
    propagation: propagation ?? (type === 'bind' ? 'rprivate' : ''),
    noCopy: words.includes('nocopy'),
    createSource: type === 'bind',
    nonRecursive: false,
    options: [],
  };
}

/** Comma-separated words, each kind once at most. */
function isMode(text: string): boolean {
  const kinds = text.split(',').map((word) => (Object.hasOwn(MODE_WORDS, word) ? MODE_WORDS[word] : undefined));
  return kinds.every((kind, i) => kind !== undefined && kinds.indexOf(kind) === i);
}

function destinationError(destination: string): string | undefined {
  if (destination === '') return 'field Target must not be empty';
  if (!destination.startsWith('/')) return `invalid mount path: '${destination}' mount path must be absolute`;
  if (destination.includes('\0')) return `invalid mount path: ${JSON.stringify(destination)}`;
  if (cleanDirectory(destination) === '/') return "invalid specification: destination can't be '/'";
  return undefined;
}

/** One member of HostConfig.Mounts. @throws InvalidParameter */
export async function parseMount(mount: Mount): Promise<MountSpec> {
  const type = mount.Type ?? '';
  const bad = (why: string) => invalid(`invalid mount config for type "${type}": ${why}`);
  if (type !== 'bind' && type !== 'volume' && type !== 'tmpfs') throw bad('mount type unknown');
  const wrong = destinationError(mount.Target ?? '');
  if (wrong) throw bad(wrong);
  for (const key of ['BindOptions', 'VolumeOptions', 'TmpfsOptions', 'ImageOptions'] as const) {
    if (mount[key] && key.toLowerCase() !== `${type}options`) throw bad(`field ${key} must not be specified`);
  }
  const spec: MountSpec = {
    type,
    source: mount.Source ?? '',
    destination: cleanDirectory(mount.Target!),
    mode: type === 'volume' ? 'z' : '',
    readOnly: mount.ReadOnly ?? false,
    propagation: type === 'bind' ? mount.BindOptions?.Propagation || 'rprivate' : '',
    noCopy: mount.VolumeOptions?.NoCopy ?? false,
    createSource: mount.BindOptions?.CreateMountpoint ?? false,
    nonRecursive: mount.BindOptions?.NonRecursive ?? false,
    options: [],
  };
  if (type === 'bind') await checkBindSource(spec, bad);
  if (type === 'volume') takeVolumeOptions(spec, mount, bad);
  if (type === 'tmpfs') {
    if (spec.source !== '') throw bad('field Source must not be specified');
    spec.options = tmpfsOptions(mount, bad);
  }
  return spec;
}

async function checkBindSource(spec: MountSpec, bad: (why: string) => Error): Promise<void> {
  if (spec.source === '') throw bad('field Source must not be empty');
  if (!spec.source.startsWith('/')) throw bad(`invalid mount path: '${spec.source}' mount path must be absolute`);
  if (!PROPAGATIONS.includes(spec.propagation)) throw bad(`invalid propagation mode: ${spec.propagation}`);
  spec.source = cleanDirectory(spec.source);
  if (spec.createSource) return;
  try {
    await stat(spec.source);
  } catch (err) {
    const code = (err as NodeJS.ErrnoException).code;
    throw bad(
      code === 'ENOENT'
        ? `bind source path does not exist: ${spec.source}`
        : `stat ${spec.source}: ${(err as Error).message}`,
    );
  }
}

function takeVolumeOptions(spec: MountSpec, mount: Mount, bad: (why: string) => Error): void {
  const options = mount.VolumeOptions;
  if (spec.source === '' && spec.readOnly) throw bad('must not set ReadOnly mode when using anonymous volumes');
  const subpath = options?.Subpath;
  if (subpath) {
    if (spec.source === '') throw bad('must not set Subpath when using anonymous volumes');
    if (subpath.startsWith('/') || subpath.split('/').includes('..')) {
      throw bad('subpath must be a relative path within the volume');
    }
    spec.subpath = subpath;
  }
  spec.driver = { name: options?.DriverConfig?.Name, options: options?.DriverConfig?.Options };
  spec.labels = options?.Labels;
}

/** size= and mode= of TmpfsOptions as mount(8) words, then the free ones. */
function tmpfsOptions(mount: Mount, bad: (why: string) => Error): string[] {
  const { SizeBytes: size = 0, Mode: mode, Options: free = [] } = mount.TmpfsOptions ?? {};
  const words = size > 0 ? [`size=${size}`] : [];
  if (mode) words.push(`mode=${mode.toString(8)}`);
  for (const pair of free) {
    if (pair.length < 1 || pair.length > 2) throw bad(`invalid option array length: ${pair.length}`);
    words.push(pair.join('='));
  }
  return words;
}

/** A member of HostConfig.Tmpfs. @throws InvalidParameter */
export function parseTmpfs(destination: string, options: string): MountSpec {
  const wrong = destinationError(destination);
  if (wrong) throw invalid(wrong);
  const words = options === '' ? [] : options.split(',');
  return {
    type: 'tmpfs',
    source: '',
    destination: cleanDirectory(destination),
    mode: '',
    readOnly: words.includes('ro'),
    propagation: '',
    noCopy: true,
    createSource: false,
    nonRecursive: false,
    options: words,
  };
}

/** @throws InvalidParameter in the words of the local volume driver */
export function checkVolumeName(name: string): void {
  if (VOLUME_NAME.test(name)) return;
  throw invalid(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" ` +
      'are allowed. If you intended to pass a host directory, use absolute path',
  );
}
