/** Takes out of outputs and documents what no two runs have in common. */

const IDENTIFIERS: readonly [RegExp, string][] = [
  [/\b(sha256:)?[0-9a-f]{64}\b/g, 'ID'],
  [/\b[0-9a-f]{12}\b/g, 'SHORTID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, 'TIME'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+/g, 'TIME'],
  [/\b(Less than a second|About a minute|\d+ (second|minute)s?)( ago)?/g, 'AGE'],
  [/\b(\w{2}:){5}\w{2}\b/g, 'MAC'],
];

/** @param places directories of the run, which stand for nothing */
export function normaliseText(text: string, places: Readonly<Record<string, string>>): string {
  let out = text;
  for (const [place, name] of Object.entries(places)) out = out.replaceAll(place, name);
  for (const [pattern, name] of IDENTIFIERS) out = out.replace(pattern, name);
  // The program is called differently; everything else it says is the same.
  return out.replaceAll('tsdocker', 'docker');
}

/** A JSON document as paths with values, so that differences are single lines. */
export function flatten(value: unknown, places: Readonly<Record<string, string>>, at = ''): Record<string, unknown> {
  if (Array.isArray(value) && value.length > 0)
    return Object.assign({}, ...value.map((item, i) => flatten(item, places, `${at}[${i}]`)));
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    return Object.assign(
      {},
      ...Object.entries(value).map(([key, item]) =>
        flatten(item, places, at === '' ? key : `${at}.${normaliseText(key, places)}`),
      ),
    );
  return { [at]: typeof value === 'string' ? normaliseText(value, places) : value };
}
