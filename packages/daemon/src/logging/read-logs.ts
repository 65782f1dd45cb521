/**
 * Reads the logs that the shims write: from the end for a tail, across rotated files, and on while they grow.
 * Memory is bounded by a block and a line, whatever the size of the log.
 */
import { dirname } from 'node:path';
import { ChangeWatch } from './change-watch.ts';
import { LOG_FORMATS, type LogFormat, type LogFormatName, type RecordReader } from './log-format.ts';
import { formatRecord, type LogRecord } from './log-record.ts';
import { type LogFile, openLogFiles } from './rotated-files.ts';

/** What of a log is wanted. */
export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  timestamps: boolean;
  details: boolean;
  /** Nanoseconds since the epoch. */
  since?: bigint;
  until?: bigint;
  /** Lines from the end; undefined = all. */
  tail?: number;
  /** Instead of a tail: goes on there, or at the oldest record when that file is gone. */
  from?: LogPosition;
  signal?: AbortSignal;
}

/** The end of a record in one of a log's files, whatever that is called by now. Local format only. */
export interface LogPosition {
  file: string;
  offset: number;
}

export interface LogSource {
  /** The current file; rotated ones are beside it. It may not exist yet. */
  path: string;
  /** Default: json-file. */
  format?: LogFormatName;
  /** Settles when nothing more will be written; a follow then reads the rest and ends. Undefined: already so. */
  ended?: Promise<unknown>;
}

export interface LogChunk {
  stream: 1 | 2;
  data: Buffer;
}

/** Records of a block, and where the block ends. */
export interface RecordBatch {
  records: LogRecord[];
  position: LogPosition;
}

/** Records as a client sees them. */
export async function* readLogs(source: LogSource, opts: LogOptions): AsyncGenerator<LogChunk[]> {
  for await (const { records } of readRecords(source, opts)) {
    yield records.map((record) => ({ stream: record.stream, data: formatRecord(record, opts) }));
  }
}

/** Records in order, those of a block together: one a step would cost more than the reading. Ends with the log, at `until`, when `signal` aborts, or (following) when the source has ended. */
export async function* readRecords(source: LogSource, opts: LogOptions): AsyncGenerator<RecordBatch> {
  // The watch comes before the first read, so that no change falls between them.
  const watch = opts.follow && source.ended ? new ChangeWatch(dirname(source.path)) : undefined;
  const state = { ended: false };
  const onAbort = () => watch?.notify();
  const onEnd = () => {
    state.ended = true;
    watch?.notify();
  };
  opts.signal?.addEventListener('abort', onAbort);
  if (watch) void source.ended!.then(onEnd, onEnd);
  const reader = new RotatedReader(source, opts);
  try {
    yield* reader.existing();
    while (watch && !reader.finished && !opts.signal?.aborted) {
      const last = state.ended;
      yield* reader.more();
      if (last) return;
      if (!reader.finished && !opts.signal?.aborted) await watch.next();
    }
  } finally {
    opts.signal?.removeEventListener('abort', onAbort);
    watch?.close();
    await reader.close();
  }
}

interface OpenFile {
  file: LogFile;
  reader: RecordReader;
}

class RotatedReader {
  readonly #path: string;
  readonly #format: LogFormat;
  readonly #opts: LogOptions;
  #current: OpenFile | undefined;
  #pending: LogFile[] = [];
  /** `until` has been passed. */
  finished = false;

  constructor({ path, format }: LogSource, opts: LogOptions) {
    this.#path = path;
    this.#format = LOG_FORMATS[format ?? 'json-file'];
    this.#opts = opts;
  }

  async *existing(): AsyncGenerator<RecordBatch> {
    const files = await openLogFiles(this.#path);
    this.#pending = files.toReversed();
    const start = await this.#startOf(files);
    const before = this.#pending.splice(0, start.skip);
    await Promise.all(before.map((file) => file.close()));
    yield* this.#drain(start.offset);
  }

  /** What was written since, into the file at hand or into those that rotation put after it. */
  async *more(): AsyncGenerator<RecordBatch> {
    for (;;) {
      if (this.#current) yield* this.#batches(this.#current);
      if (this.finished || this.#opts.signal?.aborted) return;
      const until = this.#current?.file.identity;
      const newer = await openLogFiles(this.#path, until === undefined ? {} : { until });
      if (newer.length === 0) return;
      // Between the last read and the rotation more may have been written to the old file.
      if (this.#current) yield* this.#batches(this.#current);
      this.#pending = newer.toReversed();
      yield* this.#drain(0);
    }
  }

  async close(): Promise<void> {
    const files = [...(this.#current ? [this.#current.file] : []), ...this.#pending];
    this.#current = undefined;
    this.#pending = [];
    await Promise.all(files.map((file) => file.close()));
  }

  /** Reads the pending files, oldest first; the last one stays open as the current one. */
  async *#drain(firstOffset: number): AsyncGenerator<RecordBatch> {
    let offset = firstOffset;
    for (let file = this.#pending.shift(); file; file = this.#pending.shift()) {
      await this.#current?.file.close();
      this.#current = undefined;
      const { since, signal } = this.#opts;
      if (since !== undefined && file.modifiedAt < since && this.#pending.length > 0) {
        await file.close();
        offset = 0;
        continue;
      }
      this.#current = { file, reader: await this.#readerOf(file, offset) };
      offset = 0;
      yield* this.#batches(this.#current);
      if (this.finished || signal?.aborted) return;
    }
  }

  async #readerOf(file: LogFile, offset: number): Promise<RecordReader> {
    try {
      return this.#format.open((await file.content()).handle, offset);
    } catch (err) {
      await file.close();
      throw err;
    }
  }

  /** Where a tail begins: how many of the oldest files to skip, and the offset in the next. @param files newest first */
  async #startOf(files: LogFile[]): Promise<{ skip: number; offset: number }> {
    const { from } = this.#opts;
    if (from) {
      const at = files.findIndex((file) => file.identity === from.file);
      return at < 0 ? { skip: 0, offset: 0 } : { skip: files.length - 1 - at, offset: from.offset };
    }
    let wanted = this.#opts.tail;
    if (wanted === undefined || wanted < 0) return { skip: 0, offset: 0 };
    for (const [i, file] of files.entries()) {
      const { offset, found } = await this.#format.tailOffset(await file.content(), wanted);
      wanted -= found;
      if (wanted === 0) return { skip: files.length - 1 - i, offset };
    }
    return { skip: 0, offset: 0 };
  }

  async *#batches({ file, reader }: OpenFile): AsyncGenerator<RecordBatch> {
    for await (const records of reader.records()) {
      const wanted = this.#select(records);
      if (wanted.length > 0) yield { records: wanted, position: { file: file.identity, offset: reader.offset } };
      if (this.finished || this.#opts.signal?.aborted) return;
    }
  }

  #select(records: LogRecord[]): LogRecord[] {
    const { since, until, stdout, stderr } = this.#opts;
    const wanted: LogRecord[] = [];
    for (const record of records) {
      if (since !== undefined && record.time < since) continue;
      if (until !== undefined && record.time > until) {
        this.finished = true;
        break;
      }
      if (record.stream === 1 ? stdout : stderr) wanted.push(record);
    }
    return wanted;
  }
}
