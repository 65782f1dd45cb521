/** Log drivers and their options: what a container may ask for, checked with Docker's words. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { escapeHtml, escapeSeparators } from '@tsdocker/shared/template/values.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { ramInBytes } from '@tsdocker/shared/units.ts';
import { type FileBounds, invalid, isSet, jsonFileBounds, localBounds } from './file-bounds.ts';
import { REMOTE_DRIVERS } from './forward/drivers.ts';
import type { RemoteDriver } from './forward/remote-log.ts';
import type { LogFormatName } from './log-format.ts';
import { extraAttributes, type LogInfo, logTag } from './log-info.ts';

export type LogConfig = NonNullable<HostConfig['LogConfig']>;

/** How the shim writes a container's log. */
export interface LogWriterConfig extends FileBounds {
  format: LogFormatName;
  /** Mode non-blocking: what the container writes waits there, and is dropped when that is full. */
  maxBufferBytes?: number;
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
  if (driver === 'local') return { format: 'local', ...localBounds(options) };
  const remote = REMOTE_DRIVERS.get(driver);
  if (remote) return cacheConfig(remote, options);
  const attributes = info && attributesText(options, info);
  return { format: 'json-file', ...jsonFileBounds(options), ...(attributes && { attributes }) };
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
  return { format: 'local', ...localBounds(options, 'cache-') };
}

/** Docker's order and escapes: a log is compared byte by byte. @throws System in the words of a start that fails */
function attributesText(options: Record<string, string>, info: LogInfo): string | undefined {
  try {
    const attributes = extraAttributes(options, info);
    const tag = logTag(options, info, '');
    if (tag !== '') attributes['tag'] = tag;
    const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.length === 0 ? undefined : escapeSeparators(escapeHtml(JSON.stringify(Object.fromEntries(sorted))));
  } catch (err) {
    throw new DockerError('System', `failed to initialize logging driver: ${(err as Error).message}`);
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
