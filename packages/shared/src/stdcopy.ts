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

/**
 * Takes the framed stream apart. Payload is handed on as it arrives: a frame is never collected, whatever size it claims.
 */
export class StdcopyDecoder {
  #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  #remaining = 0;
  #stream: FrameStream = 1;
  #error: Buffer[] = [];
  #errorLength = 0;
  readonly #emit: (stream: 1 | 2, data: Buffer) => void;

  constructor(emit: (stream: 1 | 2, data: Buffer) => void) {
    this.#emit = emit;
  }

  /** @throws Error `Unrecognized input header: n`, or `error from daemon in stream: ...` for a frame of type 3 */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#remaining > 0 ? this.#takePayload(rest) : this.#takeHeader(rest);
  }

  /** True between frames: ending elsewhere means that the stream was cut. */
  get atBoundary(): boolean {
    return this.#remaining === 0 && this.#headerLength === 0;
  }

  #takeHeader(chunk: Buffer): Buffer {
    const taken = chunk.copy(this.#header, this.#headerLength, 0, HEADER_BYTES - this.#headerLength);
    this.#headerLength += taken;
    if (this.#headerLength === HEADER_BYTES) {
      const stream = this.#header[0]!;
      if (stream > 3) throw new Error(`Unrecognized input header: ${stream}`);
      this.#stream = stream as FrameStream;
      this.#remaining = this.#header.readUInt32BE(4);
      this.#headerLength = 0;
      if (this.#remaining === 0) this.#endFrame();
    }
    return chunk.subarray(taken);
  }

  #takePayload(chunk: Buffer): Buffer {
    const data = chunk.subarray(0, this.#remaining);
    this.#remaining -= data.length;
    if (this.#stream === 3) this.#keepError(data);
    else this.#emit(this.#stream === 2 ? 2 : 1, data);
    if (this.#remaining === 0) this.#endFrame();
    return chunk.subarray(data.length);
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
