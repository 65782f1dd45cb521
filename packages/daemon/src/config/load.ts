/** Merges flags, daemon.json and defaults into a DaemonConfig. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LogLevel } from '../log.ts';
import type { DaemonConfig, TlsConfig } from './config.ts';
import type { ParsedFlags } from './flags.ts';
import { limitDefaults } from './limit-options.ts';
import { logDefaults } from './log-options.ts';
import { OPTIONS, type OptionSpec, type OptionValue } from './schema.ts';
import { securityDefaults } from './security-options.ts';

export const DEFAULT_SOCKET = '/var/run/tsdocker.sock';

/**
 * @throws Error `unable to configure the Docker daemon with file <path>: ...` for a file that cannot be used, or the
 *   reason an option cannot be honoured
 */
export async function loadConfig(flags: ParsedFlags): Promise<DaemonConfig> {
  const file = await readConfigFile(flags);
  const values = new Map<string, OptionValue>();
  for (const spec of OPTIONS) {
    const given = flags.values.get(spec.flag) ?? (spec.key === undefined ? undefined : file.get(spec.key));
    if (given !== undefined) spec.check?.(given);
    const value = given ?? spec.default ?? (spec.kind === 'list' ? [] : undefined);
    if (value !== undefined) values.set(spec.flag, value);
  }
  return toConfig(values, flags.values.has('group') || file.has('group'));
}

function toConfig(values: Map<string, OptionValue>, groupRequired: boolean): DaemonConfig {
  const text = (flag: string): string => (values.get(flag) as string | undefined) ?? '';
  const texts = (flag: string): string[] => (values.get(flag) as string[] | undefined) ?? [];
  const debug = values.get('debug') === true;
  const tls = tlsConfig(values);
  const hosts = texts('host');
  return {
    dataRoot: resolve(text('data-root')),
    execRoot: resolve(text('exec-root')),
    pidfile: resolve(text('pidfile')),
    hosts: hosts.length > 0 ? [...new Set(hosts)] : [`unix://${DEFAULT_SOCKET}`],
    group: text('group'),
    groupRequired,
    debug,
    logLevel: debug ? 'debug' : (text('log-level') as LogLevel),
    registryMirrors: texts('registry-mirror'),
    insecureRegistries: texts('insecure-registry'),
    labels: texts('label'),
    maxConcurrentDownloads: values.get('max-concurrent-downloads') as number,
    limits: limitDefaults(values),
    security: securityDefaults(values),
    logs: logDefaults(values),
    ...(tls && { tls }),
  };
}

function tlsConfig(values: Map<string, OptionValue>): TlsConfig | undefined {
  const verify = values.get('tlsverify') === true;
  if (!verify && values.get('tls') !== true) return undefined;
  return {
    certPath: values.get('tlscert') as string,
    keyPath: values.get('tlskey') as string,
    ...(verify && { caPath: values.get('tlscacert') as string }),
  };
}

/** By key. The default file may be missing; one the user names may not. */
async function readConfigFile(flags: ParsedFlags): Promise<Map<string, OptionValue>> {
  const named = flags.values.get('config-file') as string | undefined;
  const path = named ?? (OPTIONS.find((spec) => spec.flag === 'config-file')!.default as string);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (err) {
    if (named === undefined && (err as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw new Error(`unable to configure the Docker daemon with file ${path}: ${(err as Error).message}`, {
      cause: err,
    });
  }
  try {
    return checkFile(parseObject(text), flags);
  } catch (err) {
    throw new Error(`unable to configure the Docker daemon with file ${path}: ${(err as Error).message}`, {
      cause: err,
    });
  }
}

function parseObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  const value: unknown = JSON.parse(text);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('a JSON object is needed');
  return value as Record<string, unknown>;
}

function checkFile(file: Record<string, unknown>, flags: ParsedFlags): Map<string, OptionValue> {
  const specs = new Map(OPTIONS.filter((spec) => spec.key !== undefined).map((spec) => [spec.key!, spec]));
  const unknown = Object.keys(file).filter((key) => !specs.has(key));
  if (unknown.length > 0) {
    throw new Error(`the following directives don't match any configuration option: ${unknown.join(', ')}`);
  }
  const conflicts = Object.keys(file).filter((key) => flags.values.has(specs.get(key)!.flag));
  if (conflicts.length > 0) {
    const shown = conflicts.map(
      (key) => `${key}: (from flag: ${show(flags.values.get(specs.get(key)!.flag))}, from file: ${show(file[key])})`,
    );
    throw new Error(
      `the following directives are specified both as a flag and in the configuration file: ${shown.join(', ')}`,
    );
  }
  return new Map(Object.entries(file).map(([key, value]) => [key, checkKind(specs.get(key)!, value)]));
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(' ')}]` : String(value);
}

function checkKind(spec: OptionSpec, given: unknown): OptionValue {
  const value = spec.fromFile ? spec.fromFile(given) : given;
  const isRight =
    spec.kind === 'list'
      ? Array.isArray(value) && value.every((item) => typeof item === 'string')
      : spec.kind === 'int'
        ? Number.isInteger(value)
        : typeof value === (spec.kind === 'bool' ? 'boolean' : 'string');
  // Whatever the value: the option is refused, with its own reason.
  if (!isRight && !spec.refused) {
    throw new Error(`invalid value for ${spec.key}: a ${spec.kind} is needed`);
  }
  return value as OptionValue;
}
