/** One record of a log, as json-file has it in a line, and how it is shown to a client. */

export interface LogRecord {
  stream: 1 | 2;
  /** With its newline; a part of a long line has none. */
  text: string | Buffer;
  /** Unix time in nanoseconds. */
  readonly time: bigint;
  attrs: Record<string, string>;
  /** One of the parts of a long line; only the local format tells. */
  part?: { id: string; ordinal: number; last: boolean };
}

/** @returns undefined for a line that is no record: one torn by a crash must not hide the rest */
export function parseRecord(line: string): LogRecord | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { log, stream, time, attrs } = (raw ?? {}) as Record<string, unknown>;
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  if (!TIME.test(time)) return undefined;
  return {
    stream: stream === 'stderr' ? 2 : 1,
    text: log,
    // Worked out only where it is asked for: most readers want the text alone.
    get time() {
      return parseTime(time) ?? 0n;
    },
    attrs: attrs !== null && typeof attrs === 'object' ? (attrs as Record<string, string>) : NO_ATTRIBUTES,
  };
}

const NO_ATTRIBUTES: Record<string, string> = {};
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

/** RFC 3339 in UTC with up to nine digits of fraction. */
export function parseTime(text: string): bigint | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const millis = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(millis)) return undefined;
  return BigInt(millis) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** `2006-01-02T15:04:05.000000000Z`, always nine digits. */
export function formatTime(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n;
  const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** The bytes a client gets: timestamp, then details, then the text. */
export function formatRecord(record: LogRecord, opts: { timestamps: boolean; details: boolean }): Buffer {
  const text = typeof record.text === 'string' ? Buffer.from(record.text) : record.text;
  if (!opts.timestamps && !opts.details) return text;
  const timestamp = opts.timestamps ? `${formatTime(record.time)} ` : '';
  const details = opts.details ? `${formatAttributes(record.attrs)} ` : '';
  return Buffer.concat([Buffer.from(`${timestamp}${details}`), text]);
}

function formatAttributes(attrs: Record<string, string>): string {
  const pairs = Object.entries(attrs).map(([key, value]) => `${queryEscape(key)}=${queryEscape(String(value))}`);
  return pairs.sort().join(',');
}

/** As a URL query escapes: blanks become +. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+');
}
