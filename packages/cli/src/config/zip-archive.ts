/**
 * Reads a small zip archive from memory: the central directory at its end, then each file, stored or deflated.
 * @see PKWARE APPNOTE.TXT 4.3
 */
import { inflateRawSync } from 'node:zlib';

export interface ZipFile {
  name: string;
  content: Buffer;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

export function isZip(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === LOCAL_HEADER;
}

/** @param maxBytes of all contents together. @throws Error for what is no zip, is cut off, encrypted or too large */
export function readZip(bytes: Buffer, maxBytes: number): ZipFile[] {
  const end = endOfDirectory(bytes);
  const count = bytes.readUInt16LE(end + 10);
  const files: ZipFile[] = [];
  let left = maxBytes;
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL_HEADER) throw invalid();
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength!);
    if (!name.endsWith('/')) {
      const content = contentOf(bytes, at, left);
      left -= content.length;
      files.push({ name, content });
    }
    at += 46 + nameLength! + extra! + comment!;
  }
  return files;
}

/** The last record that may be one: a comment of any length may follow it. */
function endOfDirectory(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT);
  for (let at = bytes.length - END_BYTES; at >= first; at--) if (bytes.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  throw invalid();
}

/** @param header offset of the file's entry in the central directory */
function contentOf(bytes: Buffer, header: number, maxBytes: number): Buffer {
  const [flags, method] = [bytes.readUInt16LE(header + 8), bytes.readUInt16LE(header + 10)];
  const [packed, size] = [bytes.readUInt32LE(header + 20), bytes.readUInt32LE(header + 24)];
  const local = bytes.readUInt32LE(header + 42);
  if (flags & 1) throw new Error('zip: encrypted files are not supported');
  if (size > maxBytes) throw new Error('read exceeds the defined limit');
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL_HEADER) throw invalid();
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const data = bytes.subarray(start, start + packed);
  if (data.length < packed) throw invalid();
  if (method !== STORED && method !== DEFLATED) throw new Error('zip: unsupported compression algorithm');
  const content = method === STORED ? data : inflate(data, size);
  if (content.length !== size) throw invalid();
  return content;
}

function inflate(data: Buffer, size: number): Buffer {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw new Error('zip: not a valid zip file', { cause });
  }
}

function invalid(): Error {
  return new Error('zip: not a valid zip file');
}
