/** Reads request bodies: JSON with Docker's checks, whatever way the bytes come. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { checkShape, type ObjectShape } from './shape.ts';

/** Far above any real request; keeps one client from filling the memory. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** What reading needs of a request; for a hijacked one, `stream` yields the body only. */
export interface BodySource {
  headers: { 'content-type'?: string | undefined; 'content-length'?: string | undefined };
  stream: AsyncIterable<Buffer>;
}

/**
 * The body as an object of `shape`; undefined when there is none.
 * @throws InvalidParameter wrong Content-Type, bad JSON, text after the JSON, wrong types
 */
export async function readJson<T>(source: BodySource, shape: ObjectShape): Promise<T | undefined> {
  const text = await readText(source.stream);
  const type = source.headers['content-type'];
  if (text === '' && !type) return undefined;
  checkContentType(type ?? '', 'application/json');
  if (text === '' && source.headers['content-length'] === '0') return undefined;
  if (text.trim() === '') throw new DockerError('InvalidParameter', 'invalid JSON: got EOF while reading request body');
  return checkShape(shape, parseJson(text)) as T;
}

/** @throws InvalidParameter when the media type differs */
export function checkContentType(header: string, expected: string): void {
  const mediaType = header.split(';', 1)[0]!.trim().toLowerCase();
  if (mediaType === '')
    throw new DockerError('InvalidParameter', `malformed Content-Type header (${header}): mime: no media type`);
  if (mediaType !== expected) {
    throw new DockerError('InvalidParameter', `unsupported Content-Type header (${header}): must be '${expected}'`);
  }
}

async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw new DockerError('InvalidParameter', 'http: request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (err) {
    throw new DockerError('InvalidParameter', goSyntaxError((err as Error).message), { cause: err });
  }
}

/** V8's complaint in the words of Go's decoder. */
function goSyntaxError(message: string): string {
  if (message.includes('end of JSON input') || message.startsWith('Unterminated'))
    return 'invalid JSON: unexpected EOF';
  if (message.includes('after JSON')) return 'unexpected content after JSON';
  const token = /^Unexpected token '(.)'/su.exec(message)?.[1];
  if (token) return `invalid JSON: invalid character '${token}' looking for beginning of value`;
  return `invalid JSON: ${message}`;
}
