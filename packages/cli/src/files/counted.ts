/** The same chunks; `count` is told of each as it goes by. */
export function* counted(chunks: Iterable<Buffer>, count: (bytes: number) => void): Generator<Buffer> {
  for (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}
