/** How large a log may become, and whether what rotation leaves is compressed: options of the file it is kept in. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parseBool } from '@tsdocker/shared/go-number.ts';

type Options = Readonly<Record<string, string>>;

export interface FileBounds {
  /** -1 = never rotated. Default 20 MB in 5 files. */
  maxSizeBytes: number;
  /** Files kept, the current one included. */
  maxFiles: number;
  /** Rotated files are compressed. */
  compress: boolean;
}

/** A runaway writer must not fill the disk. Docker's unbounded way is `max-size=-1`. */
const DEFAULT_SIZE_BYTES = 20e6;
const DEFAULT_FILES = 5;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };
const NOTHING_TO_COMPRESS = 'compress cannot be true when max-file is less than 2 or max-size is not set';

/** Where a size is given, one file is kept unless a number is given too. @throws InvalidParameter */
export function jsonFileBounds(options: Options): FileBounds {
  const maxSizeBytes = sizeOf('max-size', options['max-size']);
  const count = options['max-file'];
  const maxFiles = count === undefined && options['max-size'] !== undefined ? 1 : fileCount('max-file', count);
  const compress = isSet(options['compress']);
  if (compress && (maxFiles < 2 || maxSizeBytes < 0)) throw invalid(NOTHING_TO_COMPRESS);
  return { maxSizeBytes, maxFiles, compress };
}

/** Compressed unless told otherwise. @param prefix of the options' names. @throws InvalidParameter */
export function localBounds(options: Options, prefix: '' | 'cache-' = ''): FileBounds {
  const maxSizeBytes = sizeOf(`${prefix}max-size`, options[`${prefix}max-size`]);
  const maxFiles = fileCount(`${prefix}max-file`, options[`${prefix}max-file`]);
  // A cache of one file is no reason to refuse a driver that sends everything away.
  const fallback = prefix === 'cache-' && maxFiles < 2 ? 'false' : 'true';
  const words = (cause: string) => `error reading ${prefix}compress log option: ${cause}`;
  const compress = isSet(options[`${prefix}compress`] ?? fallback, words);
  if (compress && maxFiles < 2) throw invalid('compression cannot be enabled when max file count is 1');
  return { maxSizeBytes, maxFiles, compress };
}

/** @throws InvalidParameter in `words` */
export function isSet(text = 'false', words = (cause: string): string => cause): boolean {
  try {
    return parseBool(text);
  } catch (err) {
    throw invalid(words((err as Error).message));
  }
}

/** `10m`, `1.5g`, `512k`, `100`: decimal units. */
function sizeOf(option: string, text: string | undefined): number {
  if (text === undefined) return DEFAULT_SIZE_BYTES;
  if (option === 'max-size' && text === '-1') return -1;
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text.trim());
  const bytes = match ? Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!) : 0;
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw invalid(`invalid ${option}: '${text}'`);
  return bytes;
}

function fileCount(option: string, text: string | undefined): number {
  if (text === undefined) return DEFAULT_FILES;
  if (!/^[+-]?\d+$/.test(text)) throw invalid(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const count = Number(text);
  if (count < 1) throw invalid(`${option} cannot be less than 1`);
  return count;
}

export function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}
