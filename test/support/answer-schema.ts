/**
 * Checks answers against the Engine API's definition (1.55): types, required members, enumerations, and that there is no
 * member nobody knows. `test/fixtures/engine-api-answers.json` holds its response schemas.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  allOf?: Schema[];
  $ref?: string;
  'x-nullable'?: boolean;
  format?: string;
}

interface ApiDefinition {
  definitions: Record<string, Schema>;
  /** `GET /containers/json` -> status -> schema. */
  operations: Record<string, Record<string, Schema>>;
}

const api = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/engine-api-answers.json'), 'utf8'),
) as ApiDefinition;

/** Without the names of what is between braces, which the definition and the routes choose differently. */
const shapeOf = (operation: string): string => operation.replace(/\{[^}]*\}/g, '{}');
const operations = new Map(Object.entries(api.operations).map(([name, statuses]) => [shapeOf(name), statuses]));

/** The schema of an answer; undefined where the definition has none. */
export function schemaOf(method: string, route: string, status: number): Schema | undefined {
  return operations.get(shapeOf(`${method} ${route}`))?.[String(status)];
}

export interface Violation {
  /** `HostConfig.Binds[]` */
  at: string;
  problem: string;
}

/** Everything that is wrong with a value, each place once. */
export function violations(schema: Schema, value: unknown): Violation[] {
  const found = new Map<string, Violation>();
  check(schema, value, '', (at, problem) => found.set(`${at} ${problem}`, { at, problem }));
  return [...found.values()];
}

type Report = (at: string, problem: string) => void;

function check(schema: Schema, value: unknown, at: string, report: Report): void {
  const flat = flatten(schema);
  if (value === null || value === undefined) {
    if (!flat['x-nullable']) report(at, 'is null');
    return;
  }
  const type = flat.type ?? (flat.properties ? 'object' : undefined);
  if (!type) return;
  if (!isOfType(type, value)) {
    report(at, `is ${typeName(value)}, not ${type}`);
    return;
  }
  // The definition also uses it for the empty objects that stand for members of a set.
  if (type !== 'object' && flat.enum && value !== '' && !flat.enum.includes(value))
    report(at, `is ${JSON.stringify(value)}, not one of ${flat.enum}`);
  if (type === 'array') for (const item of value as unknown[]) check(flat.items ?? {}, item, `${at}[]`, report);
  if (type === 'object') checkObject(flat, value as Record<string, unknown>, at, report);
}

function checkObject(schema: Schema, value: Record<string, unknown>, at: string, report: Report): void {
  const { properties = {}, additionalProperties } = schema;
  const path = (key: string) => (at === '' ? key : `${at}.${key}`);
  for (const key of schema.required ?? []) if (!(key in value)) report(path(key), 'is missing');
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const known = properties[key];
    if (known) check(known, member, path(key), report);
    else if (typeof additionalProperties === 'object') check(additionalProperties, member, `${at}{}`, report);
    else if (schema.properties && additionalProperties !== true) report(path(key), 'is unknown');
  }
}

/** References followed and `allOf` joined. */
function flatten(schema: Schema): Schema {
  if (schema.$ref) {
    const target = flatten(api.definitions[schema.$ref] ?? {});
    return schema['x-nullable'] ? { ...target, 'x-nullable': true } : target;
  }
  if (!schema.allOf) return schema;
  const parts = schema.allOf.map(flatten);
  const { allOf: _, ...own } = schema;
  return {
    ...Object.assign({}, ...parts, own),
    type: own.type ?? parts.find((p) => p.type)?.type ?? 'object',
    properties: Object.assign({}, ...parts.map((p) => p.properties), own.properties),
    required: [...parts.flatMap((p) => p.required ?? []), ...(own.required ?? [])],
  };
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
