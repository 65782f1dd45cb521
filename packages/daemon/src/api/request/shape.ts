/**
 * Checks and normalises request bodies the way Go's decoder does: keys match in any case, unknown ones are dropped,
 * null means absent, and a value of the wrong type is refused with Go's sentence.
 */
import { DockerError } from '@tsdocker/shared/errors.ts';

export type Shape =
  | 'string'
  | 'bool'
  | 'int64'
  | 'uint16'
  | 'float64'
  /** Handed on unchecked. */
  | 'any'
  /** A list of strings, or one string for a list of one (Cmd, Entrypoint). */
  | 'strslice'
  | { list: Shape }
  | { map: Shape }
  | ObjectShape;

export interface ObjectShape {
  /** Go's name of the type, which its error messages carry. */
  struct: string;
  fields: Record<string, Shape>;
}

/** Lower-cased key -> wire name; computed once a shape. */
const keyIndexes = new WeakMap<ObjectShape, Map<string, string>>();

/** @throws InvalidParameter `invalid JSON: json: cannot unmarshal string into Go struct field X.Y of type bool` */
export function checkShape(shape: ObjectShape, value: unknown): Record<string, unknown> {
  return (checkValue(shape, value, shape.struct, '') ?? {}) as Record<string, unknown>;
}

function checkValue(shape: Shape, value: unknown, struct: string, field: string): unknown {
  if (value === null || value === undefined) return undefined;
  if (shape === 'any') return value;
  if (shape === 'strslice')
    return typeof value === 'string' ? [value] : checkValue({ list: 'string' }, value, struct, field);
  if (typeof shape === 'string') return checkScalar(shape, value, struct, field);
  if ('list' in shape) {
    if (!Array.isArray(value)) throw mismatch(value, struct, field, goType(shape));
    return value.map((item) => checkValue(shape.list, item, struct, field) ?? zeroOf(shape.list));
  }
  if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, struct, field, goType(shape));
  if ('map' in shape) {
    return mapEntries(value, (item) => checkValue(shape.map, item, struct, field) ?? zeroOf(shape.map));
  }
  return checkObject(shape, value, field);
}

function checkObject(shape: ObjectShape, value: object, path: string): Record<string, unknown> {
  const index = keyIndex(shape);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const name = index.get(key.toLowerCase());
    if (name === undefined) continue;
    const checked = checkValue(shape.fields[name]!, item, shape.struct, path === '' ? name : `${path}.${name}`);
    if (checked !== undefined) result[name] = checked;
  }
  return result;
}

function keyIndex(shape: ObjectShape): Map<string, string> {
  let index = keyIndexes.get(shape);
  if (!index) {
    index = new Map(Object.keys(shape.fields).map((name) => [name.toLowerCase(), name]));
    keyIndexes.set(shape, index);
  }
  return index;
}

function checkScalar(
  shape: 'string' | 'bool' | 'int64' | 'uint16' | 'float64',
  value: unknown,
  struct: string,
  field: string,
) {
  if (shape === 'string' || shape === 'bool') {
    if (typeof value !== (shape === 'bool' ? 'boolean' : shape)) throw mismatch(value, struct, field, shape);
    return value;
  }
  if (typeof value !== 'number') throw mismatch(value, struct, field, shape);
  const isWhole = Number.isInteger(value) && Math.abs(value) <= 2 ** 63;
  const inRange = shape === 'uint16' ? isWhole && value >= 0 && value <= 0xffff : isWhole;
  if (shape !== 'float64' && !inRange) throw mismatch(value, struct, field, shape, `number ${value}`);
  return value;
}

function mapEntries(value: object, convert: (item: unknown) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(result, key, { value: convert(item), enumerable: true, writable: true, configurable: true });
  }
  return result;
}

/** What Go puts in place of a null inside a list or map. */
function zeroOf(shape: Shape): unknown {
  if (shape === 'string') return '';
  if (shape === 'bool') return false;
  if (shape === 'int64' || shape === 'uint16' || shape === 'float64') return 0;
  return typeof shape === 'object' && 'struct' in shape ? {} : null;
}

function goType(shape: Shape): string {
  if (shape === 'strslice') return '[]string';
  if (typeof shape === 'string') return shape;
  if ('list' in shape) return `[]${goType(shape.list)}`;
  if ('map' in shape) return `map[string]${goType(shape.map)}`;
  return `container.${shape.struct}`;
}

function mismatch(value: unknown, struct: string, field: string, type: string, shown = jsonKind(value)): DockerError {
  const where = field === '' ? 'value' : `struct field ${struct}.${field}`;
  return new DockerError(
    'InvalidParameter',
    `invalid JSON: json: cannot unmarshal ${shown} into Go ${where} of type ${type}`,
  );
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
