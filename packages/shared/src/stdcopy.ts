/**
 * The framing of attach, exec and logs without a terminal: `[stream u8][0 0 0][size u32 BE][payload]`.
 * @see Engine API `ContainerAttach`, "Stream format"
 */

/** 0 stdin (echoed by nobody today), 1 stdout, 2 stderr, 3 an error of the daemon as text. */
export type FrameStream = 0 | 1 | 2 | 3;

const HEADER_BYTES = 8;
/** A daemon's error text longer than this is cut: it is held in memory. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Header of a frame; the payload is written after it, uncopied. */
export function frameHeader(stream: FrameStream, size: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = stream;
  header.writeUInt32BE(size, 4);
  return header;
}

/** One frame in one buffer; for payloads of the size of a pipe's read, where a copy is cheaper than a second write. */
export function frame(stream: FrameStream, payload: Uint8Array): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  buffer.writeUInt32BE(stream << 24, 0);
  buffer.writeUInt32BE(payload.length, 4);
  buffer.set(payload, HEADER_BYTES);
  return buffer;
}

/** Several frames in one buffer: what is written together costs one call. */
export function frames(chunks: readonly { stream: FrameStream; data: Uint8Array }[]): Buffer {
  const buffer = Buffer.allocUnsafe(chunks.reduce((size, { data }) => size + HEADER_BYTES + data.length, 0));
  let at = 0;
  for (const { stream, data } of chunks) {
    buffer.writeUInt32BE(stream << 24, at);
    buffer.writeUInt32BE(data.length, at + 4);
    buffer.set(data, at + HEADER_BYTES);
    at += HEADER_BYTES + data.length;
  }
  return buffer;
}

/**
 * Takes the framed stream apart. Payload is handed on as it arrives: a frame is never collected, whatever size it claims.
 * What one chunk holds of the same stream in a row is handed on in one piece.
 */
export class StdcopyDecoder {
  #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  #remaining = 0;
  #stream: FrameStream = 1;
  #run: Buffer[] = [];
  #runStream: 1 | 2 = 1;
  #error: Buffer[] = [];
  #errorLength = 0;
  readonly #emit: (stream: 1 | 2, data: Buffer) => void;

  constructor(emit: (stream: 1 | 2, data: Buffer) => void) {
    this.#emit = emit;
  }

  /** @throws Error `Unrecognized input header: n`, or `error from daemon in stream: ...` for a frame of type 3 */
  push(chunk: Buffer): void {
    try {
      for (let at = 0; at < chunk.length; )
        at = this.#remaining > 0 ? this.#takePayload(chunk, at) : this.#takeHeader(chunk, at);
    } finally {
      this.#flush();
    }
  }

  /** True between frames: ending elsewhere means that the stream was cut. */
  get atBoundary(): boolean {
    return this.#remaining === 0 && this.#headerLength === 0;
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const whole = this.#headerLength === 0 && chunk.length - at >= HEADER_BYTES;
    if (whole) {
      this.#begin(chunk, at);
      return at + HEADER_BYTES;
    }
    const taken = chunk.copy(this.#header, this.#headerLength, at, at + HEADER_BYTES - this.#headerLength);
    this.#headerLength += taken;
    if (this.#headerLength === HEADER_BYTES) {
      this.#headerLength = 0;
      this.#begin(this.#header, 0);
    }
    return at + taken;
  }

  #begin(header: Buffer, at: number): void {
    const stream = header[at]!;
    if (stream > 3) throw new Error(`Unrecognized input header: ${stream}`);
    this.#stream = stream as FrameStream;
    this.#remaining = header.readUInt32BE(at + 4);
    if (this.#remaining === 0) this.#endFrame();
  }

  #takePayload(chunk: Buffer, at: number): number {
    const data = chunk.subarray(at, at + this.#remaining);
    this.#remaining -= data.length;
    if (this.#stream === 3) this.#keepError(data);
    else this.#collect(this.#stream === 2 ? 2 : 1, data);
    if (this.#remaining === 0) this.#endFrame();
    return at + data.length;
  }

  #collect(stream: 1 | 2, data: Buffer): void {
    if (this.#runStream !== stream) this.#flush();
    this.#runStream = stream;
    this.#run.push(data);
  }

  #flush(): void {
    const run = this.#run;
    if (run.length === 0) return;
    this.#run = [];
    this.#emit(this.#runStream, run.length === 1 ? run[0]! : Buffer.concat(run));
  }

  #keepError(data: Buffer): void {
    const kept = data.subarray(0, MAX_ERROR_BYTES - this.#errorLength);
    this.#error.push(kept);
    this.#errorLength += kept.length;
  }

  #endFrame(): void {
    if (this.#stream === 3) throw new Error(`error from daemon in stream: ${Buffer.concat(this.#error).toString()}`);
  }
}
