/** The text of a record without the newline that ends a whole line. */
export function lineOf(text: string | Buffer): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes;
}
