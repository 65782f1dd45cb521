/** Streams of JSON objects (progress, stats, events), one value at a time. */
import type { Readable } from 'node:stream';
import { JsonStreamDecoder } from '@tsdocker/shared/jsonstream.ts';

/** Yields each object as it arrives. @throws SyntaxError for what is not JSON, or when the stream ends inside an object */
export async function* jsonObjects<T>(
  stream: Readable,
  parse: (text: string) => unknown = (text) => JSON.parse(text),
): AsyncGenerator<T> {
  const decoder = new JsonStreamDecoder<T>(parse);
  for await (const chunk of stream) yield* decoder.push(chunk as Buffer);
  decoder.end();
}
