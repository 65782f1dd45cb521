/** `RUN --mount=...`: one mount as written, checked. @see Dockerfile reference, "RUN --mount" */
import { ramInBytes } from '@tsdocker/shared/units.ts';
import { invalid } from '../errors.ts';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

export interface RunMount {
  type: MountType;
  /** Inside the container; not expanded. */
  target?: string;
  /** Path below `from`; not expanded. */
  source?: string;
  /** Stage, named context or image; undefined is the build context for a bind and nothing for a cache. */
  from?: string;
  id?: string;
  readonly: boolean;
  sharing: 'shared' | 'private' | 'locked';
  required: boolean;
  /** Permission bits. */
  mode?: number;
  uid?: number;
  gid?: number;
  sizeBytes?: number;
  /** Name of the variable a secret is given as. */
  env?: string;
}

const TYPES: readonly string[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const ALIASES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  readonly: 'ro',
  readwrite: 'rw',
};
/** Keys that only some types know. */
const ONLY: Readonly<Record<string, readonly MountType[]>> = {
  mode: ['cache', 'secret', 'ssh'],
  uid: ['cache', 'secret', 'ssh'],
  gid: ['cache', 'secret', 'ssh'],
  sharing: ['cache'],
  required: ['secret', 'ssh'],
  size: ['tmpfs'],
  env: ['secret'],
  ro: ['bind', 'cache', 'tmpfs', 'secret', 'ssh'],
  rw: ['bind', 'cache', 'tmpfs', 'secret', 'ssh'],
  from: ['bind', 'cache'],
  source: ['bind', 'cache', 'secret'],
  id: ['cache', 'secret', 'ssh'],
  target: ['bind', 'cache', 'tmpfs', 'secret', 'ssh'],
};

/** @param value the flag's value, comma-separated @throws InvalidParameter */
export function parseRunMount(value: string): RunMount {
  const fields = csvFields(value).map((field) => {
    const equals = field.indexOf('=');
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    return { key: ALIASES[key] ?? key, value: equals < 0 ? undefined : field.slice(equals + 1), field };
  });
  const type = fields.find((f) => f.key === 'type')?.value?.toLowerCase() ?? 'bind';
  if (!TYPES.includes(type)) throw invalid(`unsupported mount type ${JSON.stringify(type)}`);
  const mount: RunMount = { type: type as MountType, readonly: type === 'bind', sharing: 'shared', required: false };
  for (const { key, value: text, field } of fields) {
    if (key === 'type') continue;
    const only = Object.hasOwn(ONLY, key) ? ONLY[key] : undefined;
    if (!only) throw invalid(`unexpected key '${key}' in '${field}'`);
    if (!only.includes(mount.type)) throw invalid(`unexpected key '${key}' for mount type '${type}'`);
    if (text === undefined && !['ro', 'rw', 'required'].includes(key))
      throw invalid(`invalid field '${field}' must be a key=value pair`);
    assign(mount, key, text);
  }
  if ((mount.type === 'bind' || mount.type === 'cache' || mount.type === 'tmpfs') && !mount.target)
    throw invalid(`target is required for mount type '${type}'`);
  return mount;
}

function assign(mount: RunMount, key: string, text: string | undefined): void {
  const word = text ?? 'true';
  switch (key) {
    case 'ro':
      mount.readonly = bool(key, word);
      break;
    case 'rw':
      mount.readonly = !bool(key, word);
      break;
    case 'required':
      mount.required = bool(key, word);
      break;
    case 'sharing':
      if (word !== 'shared' && word !== 'private' && word !== 'locked')
        throw invalid(`unsupported sharing value ${JSON.stringify(word)}`);
      mount.sharing = word;
      break;
    case 'mode':
      if (!/^0?o?[0-7]{1,5}$/.test(word)) throw invalid(`invalid value ${JSON.stringify(word)} for mode`);
      mount.mode = Number.parseInt(word.replace('o', ''), 8);
      break;
    case 'uid':
    case 'gid':
      if (!/^\d{1,10}$/.test(word)) throw invalid(`invalid value ${JSON.stringify(word)} for ${key}`);
      mount[key] = Number(word);
      break;
    case 'size':
      mount.sizeBytes = ramInBytes(word);
      break;
    case 'env':
      mount.env = word;
      break;
    case 'id':
      mount.id = word;
      break;
    case 'from':
      if (word.includes('$')) throw invalid(`'from' doesn't support variable expansion, define alias stage instead`);
      mount.from = word;
      break;
    case 'source':
      mount.source = word;
      break;
    default:
      mount.target = word;
  }
}

function bool(key: string, text: string): boolean {
  if (['true', '1', 't', 'T', 'TRUE', 'True', ''].includes(text)) return true;
  if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(text)) return false;
  throw invalid(`invalid value for '${key}': ${text}`);
}

/** Fields of one CSV record: a field in double quotes may hold commas, two quotes stand for one. */
function csvFields(text: string): string[] {
  const fields: string[] = [];
  for (const match of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    fields.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : (match[2] as string));
  return fields;
}
