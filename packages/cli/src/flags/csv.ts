/**
 * The fields of one line of comma separated values, by RFC 4180 with the rules and error words of Go's encoding/csv: a quote
 * may only open a field, a doubled quote stands for one, spaces count. Used by --mount, --network and --gpus.
 * @throws `EOF` for an empty text, `parse error on line 1, column n: ...` (n counts bytes)
 */
export function parseCsvRecord(text: string): string[] {
  if (text === '') throw new Error('EOF');
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const field = text[at] === '"' ? quotedField(text, at) : bareField(text, at);
    fields.push(field.value);
    if (field.end >= text.length) return fields;
    at = field.end + 1;
  }
}

interface Field {
  value: string;
  /** Index of the comma behind the field, or the length of the text. */
  end: number;
}

function bareField(text: string, start: number): Field {
  const comma = text.indexOf(',', start);
  const end = comma < 0 ? text.length : comma;
  const value = text.slice(start, end);
  const quote = value.indexOf('"');
  if (quote >= 0) throw parseError(text, start + quote, 'bare " in non-quoted-field');
  return { value, end };
}

function quotedField(text: string, start: number): Field {
  let value = '';
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw parseError(text, text.length, 'extraneous or missing " in quoted-field');
    value += text.slice(at, quote);
    const next = text[quote + 1];
    if (next === undefined || next === ',') return { value, end: quote + 1 };
    if (next !== '"') throw parseError(text, quote, 'extraneous or missing " in quoted-field');
    value += '"';
    at = quote + 2;
  }
}

function parseError(text: string, index: number, what: string): Error {
  return new Error(`parse error on line 1, column ${Buffer.byteLength(text.slice(0, index)) + 1}: ${what}`);
}
