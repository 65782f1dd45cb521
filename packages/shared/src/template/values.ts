/**
 * Values in templates. Docker's templates run on Go structs, maps and slices; ours run on JSON, so what Go knows from types
 * is kept as data here: which members are maps (a missing key is no error there), and what unset members are.
 */

/** An object with a fixed set of fields, some of them methods; `ps`, `images` and so on show rows of these. */
export class Struct {
  /** `*formatter.ContainerContext`: part of error texts people know. */
  readonly typeName: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fields that `{{json .}}` leaves out (methods always are). */
  readonly notInJson: readonly string[];
  constructor(typeName: string, fields: Readonly<Record<string, unknown>>, notInJson: readonly string[] = []) {
    this.typeName = typeName;
    this.fields = fields;
    this.notInJson = notInJson;
  }
}

/** A typed nil: false, empty, and printed as its type is. */
export class Nil {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
const NIL_POINTER = new Nil('<nil>');
const NIL_SLICE = new Nil('[]');
const NIL_MAP = new Nil('map[]');

/** What a missing map entry is: prints `<no value>`. */
export const MISSING = Symbol('missing');

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Members of API objects that are maps with free keys. */
const MAP_MEMBERS =
  words(`Labels Networks Ports ExposedPorts Volumes Options Sysctls Tmpfs Annotations PortBindings DriverOpts
  Containers Data GraphDriver.Data LogOpts StorageOpt Attributes Config.Options Details Status AuxiliaryAddresses IndexConfigs Runtimes Actor.Attributes`);
const SLICE_MEMBERS =
  words(`Entrypoint Cmd Env OnBuild Shell Binds Links VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts
  ExecIDs GroupAdd SecurityOpt Devices DeviceCgroupRules DeviceRequests Ulimits Aliases DNSNames Mounts RepoTags RepoDigests Layers
  BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps MaskedPaths ReadonlyPaths
  Args Warnings Log Tags`);
/** Members that may be absent from the JSON because they are empty, and what they are then. */
const EMPTY_MEMBERS: Readonly<Record<string, unknown>> = {
  Health: NIL_POINTER,
  Healthcheck: NIL_POINTER,
  SizeRw: NIL_POINTER,
  SizeRootFs: NIL_POINTER,
  StopTimeout: NIL_POINTER,
  Init: NIL_POINTER,
  UsageData: NIL_POINTER,
  ClusterVolume: NIL_POINTER,
  Descriptor: NIL_POINTER,
  ImageManifestDescriptor: NIL_POINTER,
  StopSignal: '',
  NetworkDisabled: false,
  Name: '',
  Variant: '',
  OsVersion: '',
  Comment: '',
  Author: '',
  Parent: '',
  Container: '',
  DockerVersion: '',
  Entrypoint: NIL_SLICE,
  Cmd: NIL_SLICE,
  Env: NIL_SLICE,
  OnBuild: NIL_SLICE,
  Shell: NIL_SLICE,
  RepoTags: NIL_SLICE,
  RepoDigests: NIL_SLICE,
  Mounts: NIL_SLICE,
  User: '',
  WorkingDir: '',
  Labels: NIL_MAP,
  Volumes: NIL_MAP,
  ExposedPorts: NIL_MAP,
  Sysctls: NIL_MAP,
  Tmpfs: NIL_MAP,
  Annotations: NIL_MAP,
  StorageOpt: NIL_MAP,
  Status: NIL_MAP,
};

const maps = new WeakSet<object>();

/** Says that an object is a map, not a struct (the root of a labels listing and such). */
export function asMap<T extends object>(value: T): T {
  maps.add(value);
  return value;
}
export function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && maps.has(value);
}

/** A member of a JSON object; undefined when a struct has no such field. */
export function memberOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  if (!Object.hasOwn(object, name)) {
    // Go's field is ID where the JSON says Id.
    if (name === 'ID' && Object.hasOwn(object, 'Id')) return object['Id'];
    if (maps.has(object)) return MISSING;
    return Object.hasOwn(EMPTY_MEMBERS, name) ? EMPTY_MEMBERS[name] : undefined;
  }
  const value = object[name];
  if (value === null || value === undefined) {
    return MAP_MEMBERS.has(name) ? NIL_MAP : SLICE_MEMBERS.has(name) ? NIL_SLICE : NIL_POINTER;
  }
  if (typeof value === 'object' && isMapMember(object, name) && !Array.isArray(value)) maps.add(value);
  return value;
}

/** A log driver's `Config` is a map, a container's is not. */
function isMapMember(object: Readonly<Record<string, unknown>>, name: string): boolean {
  return MAP_MEMBERS.has(name) || (name === 'Config' && Object.hasOwn(object, 'Type'));
}

/** Go's truth: not false, 0, "", nil, nor an empty list or map. */
export function isTrue(value: unknown): boolean {
  if (value instanceof Nil || value === MISSING || value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Struct) return true;
  if (typeof value === 'object') return !maps.has(value) || Object.keys(value).length > 0;
  return Boolean(value);
}

/** `%v` */
export function textOf(value: unknown): string {
  if (value === MISSING || value === null || value === undefined) return '<no value>';
  if (value instanceof Nil) return value.text;
  if (typeof value === 'number') return numberText(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  if (value instanceof Struct) return `{${Object.values(value.fields).map(textOf).join(' ')}}`;
  if (typeof value === 'object') {
    const object = value as Record<string, unknown>;
    const isMapping = maps.has(value);
    const keys = isMapping ? Object.keys(object).sort() : Object.keys(object);
    const members = keys.map((key) => (isMapping ? `${key}:` : '') + textOf(memberOf(object, key)));
    return isMapping ? `map[${members.join(' ')}]` : `{${members.join(' ')}}`;
  }
  return String(value);
}

/** Floats as `%g` with the shortest digits: two-digit exponents. */
function numberText(value: number): string {
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Type names as Go's messages print them. */
export function typeName(value: unknown): string {
  if (value instanceof Struct) return value.typeName;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'bigint') return 'int64';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object' && value !== null && !(value instanceof Nil)) return 'map[string]interface {}';
  return '<nil>';
}

/** The `json` function: one line, keys of maps and rows sorted, no HTML escapes except in rows (as docker's come out). */
export function jsonText(value: unknown): string {
  if (value === MISSING || value === undefined || value === null || value instanceof Nil) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return escapeSeparators(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (value instanceof Struct) {
    const names = Object.keys(value.fields).filter((name) => isJsonField(value, name));
    const members = names
      .sort()
      .map((name) => `${JSON.stringify(name)}:${escapeHtml(jsonText(fieldValue(value, name)))}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'object') {
    const object = value as Record<string, unknown>;
    const keys = maps.has(value) ? Object.keys(object).sort() : Object.keys(object);
    const members = keys.map((key) => {
      const member = object[key];
      memberOf(object, key); // marks the maps below
      return `${escapeSeparators(JSON.stringify(key))}:${jsonText(member)}`;
    });
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

function isJsonField(struct: Struct, name: string): boolean {
  const value = struct.fields[name];
  return !struct.notInJson.includes(name) && !(typeof value === 'function' && value.length > 0);
}

/** Fields may be given as functions without parameters: computed only when a template asks. */
export function fieldValue(struct: Struct, name: string): unknown {
  const value = struct.fields[name];
  return typeof value === 'function' && value.length === 0 ? (value as () => unknown)() : value;
}

/** Go's encoder writes these two as escapes, too, which JavaScript's does not. @param json valid JSON */
export function escapeSeparators(json: string): string {
  return json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** Go's encoder writes these three of HTML as escapes. @param json valid JSON */
export function escapeHtml(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}
