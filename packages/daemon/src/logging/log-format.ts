/** The formats in which the shims write logs: how records are found and read in one file. */
import type { FileHandle } from 'node:fs/promises';
import { LineReader } from './json-lines.ts';
import { LocalReader, localTailOffset } from './local-records.ts';
import { type LogRecord, parseRecord } from './log-record.ts';
import { type LogContent, tailOffset } from './rotated-files.ts';

export type LogFormatName = 'json-file' | 'local';

/** Reads on where the last call ended: what is not whole yet stays for the next. */
export interface RecordReader {
  records(): AsyncGenerator<LogRecord[]>;
  /** Where the records that were given out end; in json-file, where the last block read does. */
  readonly offset: number;
}

export interface LogFormat {
  open(handle: FileHandle, offset: number): RecordReader;
  /** Offset of the first of the last `count` records, and how many there are (fewer when the file has fewer). */
  tailOffset(file: LogContent, count: number): Promise<{ offset: number; found: number }>;
}

class JsonReader implements RecordReader {
  readonly #lines: LineReader;

  constructor(handle: FileHandle, offset: number) {
    this.#lines = new LineReader(handle, offset);
  }

  get offset(): number {
    return this.#lines.offset;
  }

  async *records(): AsyncGenerator<LogRecord[]> {
    for await (const lines of this.#lines.lines()) {
      yield lines.map(parseRecord).filter((record) => record !== undefined);
    }
  }
}

export const LOG_FORMATS: Readonly<Record<LogFormatName, LogFormat>> = {
  'json-file': { open: (handle, offset) => new JsonReader(handle, offset), tailOffset },
  local: { open: (handle, offset) => new LocalReader(handle, offset), tailOffset: localTailOffset },
};
