/**
 * Frames between the daemon and a shim: u32 payload length, u8 type, u8 stream, u16 session, payload; little endian.
 * native/shim/frames.h holds the same numbers and describes the payloads.
 */

export const FRAME = {
  hello: 1,
  attach: 2,
  stdin: 3,
  closeStdin: 4,
  resize: 5,
  signal: 6,
  freeze: 7,
  thaw: 8,
  exec: 9,
  reopenLog: 10,
  go: 11,
  welcome: 65,
  started: 66,
  failed: 67,
  output: 68,
  execStarted: 69,
  execFailed: 70,
  execExit: 71,
  oom: 72,
  exit: 73,
  gone: 74,
  result: 75,
  end: 76,
  note: 77,
  logRotated: 78,
} as const;

export const PROTOCOL_VERSION = 1;
const HEADER_BYTES = 8;
/** No shim sends more in one frame; a longer one means the stream is broken. */
const MAX_PAYLOAD_BYTES = 1 << 20;

export interface Frame {
  type: number;
  stream: number;
  session: number;
  payload: Buffer;
}

const NOTHING = Buffer.alloc(0);

interface Address {
  stream?: number;
  session?: number;
}

/** Of a frame whose payload is written behind it, uncopied. */
export function frameHeader(type: number, length: number, to: Address = {}): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(length, 0);
  header.writeUInt8(type, 4);
  header.writeUInt8(to.stream ?? 0, 5);
  header.writeUInt16LE(to.session ?? 0, 6);
  return header;
}

export function encodeFrame(type: number, payload: Buffer = NOTHING, to: Address = {}): Buffer {
  return Buffer.concat([frameHeader(type, payload.length, to), payload]);
}

/** A request's payload: its number, then 32-bit words. */
export function words(...values: number[]): Buffer {
  const payload = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) payload.writeUInt32LE(value >>> 0, i * 4);
  return payload;
}

/** Cuts chunks into frames; holds at most one incomplete frame. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @throws RangeError when the other side does not speak the protocol */
  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= HEADER_BYTES) {
      if ((this.#chunks[0]?.length ?? 0) < HEADER_BYTES) this.#join();
      const head = this.#chunks[0] as Buffer;
      const length = head.readUInt32LE(0);
      if (length > MAX_PAYLOAD_BYTES) throw new RangeError(`frame of ${length} bytes`);
      const total = HEADER_BYTES + length;
      if (this.#bytes < total) return;
      if (head.length < total) this.#join();
      const whole = this.#chunks[0] as Buffer;
      this.#chunks[0] = whole.subarray(total);
      this.#bytes -= total;
      if (whole.length === total) this.#chunks.shift();
      yield {
        type: whole.readUInt8(4),
        stream: whole.readUInt8(5),
        session: whole.readUInt16LE(6),
        payload: whole.subarray(HEADER_BYTES, total),
      };
    }
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

export interface ExitFrame {
  exitCode: number;
  oomKilled: boolean;
  finishedAt: bigint;
}

export function decodeExit(payload: Buffer): ExitFrame {
  return {
    exitCode: payload.readInt32LE(0),
    oomKilled: payload.readUInt8(4) !== 0,
    finishedAt: payload.readBigUInt64LE(5),
  };
}

export interface FailureFrame {
  /** Index into the plan; beyond its end: before or between its operations. */
  operation: number;
  errno: number;
  /** System call, or `lookup`, `init`, `go`. */
  call: string;
  path: string;
}

export function decodeFailure(payload: Buffer): FailureFrame {
  const [call = '', path = ''] = payload.subarray(8).toString().split('\0');
  return { operation: payload.readUInt32LE(0), errno: payload.readInt32LE(4), call, path };
}

export interface WelcomeFrame {
  version: number;
  state: 'starting' | 'running' | 'exited';
  frozen: boolean;
  pid: number;
  startedAt: bigint;
  sessions: number[];
}

export function decodeWelcome(payload: Buffer): WelcomeFrame {
  const sessions: number[] = [];
  for (let at = 16; at + 2 <= payload.length; at += 2) sessions.push(payload.readUInt16LE(at));
  return {
    version: payload.readUInt16LE(0),
    state: (['starting', 'running', 'exited'] as const)[payload.readUInt8(2)] ?? 'starting',
    frozen: payload.readUInt8(3) !== 0,
    pid: payload.readInt32LE(4),
    startedAt: payload.readBigUInt64LE(8),
    sessions,
  };
}
