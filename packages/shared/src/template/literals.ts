/** Go's literals inside templates. */

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Of `"..."` and `` `...` ``. */
export function unquoteString(text: string): string {
  return text.startsWith('`') ? text.slice(1, -1) : resolveEscapes(text.slice(1, -1));
}

/** Code point of `'x'`. */
export function unquoteChar(text: string): number {
  return resolveEscapes(text.slice(1, -1)).codePointAt(0) ?? 0;
}

/** Undefined when it is not a number. */
export function parseNumber(text: string): number | undefined {
  const plain = text.replaceAll('_', '');
  const sign = plain.startsWith('-') ? -1 : 1;
  const value = Number(plain.replace(/^[+-]/, ''));
  return Number.isNaN(value) ? undefined : sign * value;
}

function resolveEscapes(body: string): string {
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/g,
    (whole, hex?: string, u4?: string, u8?: string, octal?: string, char?: string) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      const code = hex ?? u4 ?? u8;
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      return ESCAPES[char ?? ''] ?? whole;
    },
  );
}
