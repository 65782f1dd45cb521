/** Log drivers and their options: what a container may ask for, checked with Docker's words. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parseBool } from '@tsdocker/shared/go-number.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { ramInBytes } from '@tsdocker/shared/units.ts';
import { REMOTE_DRIVERS } from './forward/drivers.ts';
import type { RemoteDriver } from './forward/remote-log.ts';
import type { LogFormatName } from './log-format.ts';
import { extraAttributes, type LogInfo, logTag } from './log-info.ts';

export type LogConfig = NonNullable<HostConfig['LogConfig']>;

/** How the shim writes a container's log. */
export interface LogWriterConfig {
  format: LogFormatName;
  /** -1 = never rotated. Default 20 MB in 5 files. */
  maxSizeBytes: number;
  /** Files kept, the current one included. */
  maxFiles: number;
  /** Mode non-blocking: what the container writes waits there, and is dropped when that is full. */
  maxBufferBytes?: number;
  /** Rotated files are compressed. */
  compress: boolean;
  /** JSON object that every record carries as `attrs`; undefined: none. */
  attributes?: string;
}

/** Names for `info`. */
export const LOG_DRIVERS: readonly string[] = ['json-file', 'local', 'none', ...REMOTE_DRIVERS.keys()].sort();

const COMMON_OPTIONS = 'mode max-buffer-size';
const CACHE_OPTIONS = 'cache-disabled cache-max-size cache-max-file cache-compress';
const CHOICE_OPTIONS = 'labels labels-regex env env-regex tag';
const OPTIONS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['json-file', words(`max-size max-file compress ${CHOICE_OPTIONS} ${COMMON_OPTIONS}`)],
  ['local', words(`max-size max-file compress ${COMMON_OPTIONS}`)],
  ['none', words(COMMON_OPTIONS)],
  ...[...REMOTE_DRIVERS].map(([name, { options }]): [string, ReadonlySet<string>] => [
    name,
    words(`${options.join(' ')} ${CHOICE_OPTIONS} ${CACHE_OPTIONS} ${COMMON_OPTIONS}`),
  ]),
]);
/** Drivers that docker has on this system: refused by their name, so that nobody takes them for a slip of the pen. */
const NOT_YET = words('awslogs splunk gcplogs');
const DEFAULT_BUFFER_BYTES = 1e6;
/** A runaway writer must not fill the disk. Docker's unbounded way is `max-size=-1`. */
const DEFAULT_SIZE_BYTES = 20e6;
const DEFAULT_FILES = 5;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };

/**
 * Checks a LogConfig; no type means json-file.
 * @param info of a container that starts; without it the attributes are left out
 * @returns undefined when the driver keeps nothing
 * @throws InvalidParameter `unknown log opt 'x' for json-file log driver`, `logger: no log driver named 'x' is registered`
 */
export function logWriterConfig(
  config: { Type?: string; Config?: LogConfig['Config'] },
  info?: LogInfo,
): LogWriterConfig | undefined {
  const driver = config.Type || 'json-file';
  const options = config.Config ?? {};
  const known = OPTIONS.get(driver);
  if (!known) throw invalid(NOT_YET.has(driver) ? notYet(driver) : noSuchDriver(driver));
  const maxBufferBytes = bufferOf(options);
  const unknown = Object.keys(options).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(unknownOption(unknown, driver));
  if (driver === 'none') return undefined;
  return { ...fileConfig(driver, options, info), ...(maxBufferBytes !== undefined && { maxBufferBytes }) };
}

function fileConfig(driver: string, options: Record<string, string>, info?: LogInfo): LogWriterConfig {
  if (driver === 'local') return localConfig(options);
  const remote = REMOTE_DRIVERS.get(driver);
  if (remote) return cacheConfig(remote, options);
  const attributes = info && attributesText(options, info);
  const kept = rotation(options);
  const compress = isSet(options['compress']);
  if (compress && (kept.maxFiles < 2 || kept.maxSizeBytes < 0)) throw invalid(NOTHING_TO_COMPRESS);
  return { format: 'json-file', ...kept, compress, ...(attributes && { attributes }) };
}

const NOTHING_TO_COMPRESS = 'compress cannot be true when max-file is less than 2 or max-size is not set';

/** Compressed unless told otherwise. */
function localConfig(options: Record<string, string>): LogWriterConfig {
  const kept = rotation(options, { maxFiles: DEFAULT_FILES });
  const compress = isSet(options['compress'] ?? 'true', (cause) => `error reading compress log option: ${cause}`);
  if (compress && kept.maxFiles < 2) throw invalid('compression cannot be enabled when max file count is 1');
  return { format: 'local', ...kept, compress };
}

/** The file that `logs` reads is the queue of what is sent. */
function cacheConfig(driver: RemoteDriver, options: Record<string, string>): LogWriterConfig {
  const disabled = options['cache-disabled'];
  isSet(disabled, () => `invalid value for option cache-disabled: ${disabled}`);
  try {
    driver.check(options);
  } catch (err) {
    throw invalid((err as Error).message);
  }
  const { 'cache-max-size': size, 'cache-max-file': files } = options;
  const bounds = { ...(size !== undefined && { 'max-size': size }), ...(files !== undefined && { 'max-file': files }) };
  const compress = options['cache-compress'] ?? (files === '1' ? 'false' : 'true');
  return localConfig({ ...bounds, compress });
}

/** Docker's order and escapes: a log is compared byte by byte. @throws System in the words of a start that fails */
function attributesText(options: Record<string, string>, info: LogInfo): string | undefined {
  try {
    const attributes = extraAttributes(options, info);
    const tag = logTag(options, info, '');
    if (tag !== '') attributes['tag'] = tag;
    const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.length === 0 ? undefined : goJson(JSON.stringify(Object.fromEntries(sorted)));
  } catch (err) {
    throw new DockerError('System', `failed to initialize logging driver: ${(err as Error).message}`);
  }
}

function goJson(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @param defaults files that are kept where a size is given: docker's json-file keeps one, its local five */
function rotation(
  options: Record<string, string>,
  defaults: { maxFiles: number } = { maxFiles: 1 },
): Pick<LogWriterConfig, 'maxSizeBytes' | 'maxFiles'> {
  const maxSizeBytes = options['max-size'] === undefined ? DEFAULT_SIZE_BYTES : sizeOf('max-size', options['max-size']);
  const rotates = options['max-size'] === undefined && options['max-file'] === undefined;
  const count = options['max-file'];
  const maxFiles = count === undefined ? (rotates ? DEFAULT_FILES : defaults.maxFiles) : fileCount(count);
  return { maxSizeBytes, maxFiles };
}

function isSet(text = 'false', words = (cause: string): string => cause): boolean {
  try {
    return parseBool(text);
  } catch (err) {
    throw invalid(words((err as Error).message));
  }
}

/** Docker's drivers do not agree on the words. */
function unknownOption(name: string, driver: string): string {
  if (driver === 'local') return `unknown log opt '${name}' for log driver local`;
  const quote = driver === 'gelf' ? '"' : "'";
  return `unknown log opt ${quote}${name}${quote} for ${driver} log driver`;
}

const noSuchDriver = (driver: string): string => `logger: no log driver named '${driver}' is registered`;
const notYet = (driver: string): string => `logger: log driver '${driver}' is not supported yet by this engine`;

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** @returns the size of the buffer in mode non-blocking */
function bufferOf(options: Record<string, string>): number | undefined {
  const mode = options['mode'] ?? '';
  if (!['', 'blocking', 'non-blocking'].includes(mode)) {
    throw invalid(`logger: logging mode not supported: ${mode}`);
  }
  const size = options['max-buffer-size'];
  if (mode !== 'non-blocking' && size !== undefined) {
    throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  return mode === 'non-blocking' ? bufferBytes(size) : undefined;
}

/** `4m`, in powers of 1024. */
function bufferBytes(text: string | undefined): number {
  if (text === undefined) return DEFAULT_BUFFER_BYTES;
  try {
    return ramInBytes(text);
  } catch (err) {
    throw invalid(`error parsing option max-buffer-size: ${(err as Error).message}`);
  }
}

/** `10m`, `1.5g`, `512k`, `100`: decimal units. */
function sizeOf(option: string, text: string): number {
  if (option === 'max-size' && text === '-1') return -1;
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text.trim());
  const bytes = match ? Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!) : 0;
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw invalid(`invalid ${option}: '${text}'`);
  return bytes;
}

function fileCount(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalid(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const count = Number(text);
  if (count < 1) throw invalid('max-file cannot be less than 1');
  return count;
}

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}
