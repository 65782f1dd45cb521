/** Reads whole lines from a growing file; what has no newline yet stays for the next call. */
import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 256 * 1024;
/** Longer lines are no log records (the writer cuts messages at 16 KiB); they are dropped, not buffered. */
const MAX_LINE_BYTES = 4 << 20;
const NEWLINE = 10;

export class LineReader {
  readonly #handle: FileHandle;
  #offset: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #dropping = false;

  constructor(handle: FileHandle, offset: number) {
    this.#handle = handle;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** The lines up to the present end of the file, without their newlines, a block at a time. */
  async *lines(): AsyncGenerator<string[]> {
    for (;;) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      const { bytesRead } = await this.#handle.read(block, 0, BLOCK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const lines = this.#split(block.subarray(0, bytesRead));
      if (lines.length > 0) yield lines;
    }
  }

  #split(block: Buffer): string[] {
    const first = block.indexOf(NEWLINE);
    if (first < 0) {
      this.#keep(block);
      return [];
    }
    const last = block.lastIndexOf(NEWLINE);
    const line = this.#take(block.subarray(0, first));
    // Decoded together: no character lies across a newline.
    const others = first === last ? [] : block.toString('utf8', first + 1, last).split('\n');
    this.#keep(block.subarray(last + 1));
    return line === undefined ? others : [line, ...others];
  }

  #take(end: Buffer): string | undefined {
    const line = this.#rest.length === 0 ? end.toString() : Buffer.concat([...this.#rest, end]).toString();
    const dropped = this.#dropping;
    this.#rest = [];
    this.#restBytes = 0;
    this.#dropping = false;
    return dropped ? undefined : line;
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#restBytes += rest.length;
    if (this.#restBytes > MAX_LINE_BYTES) {
      this.#dropping = true;
      this.#rest = [];
    }
    if (!this.#dropping) this.#rest.push(rest);
  }
}
