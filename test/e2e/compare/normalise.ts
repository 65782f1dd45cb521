/** Takes out of outputs and documents what no two runs have in common. */

const IDENTIFIERS: readonly [RegExp, string][] = [
  [/\b(sha256:)?[0-9a-f]{64}\b/g, 'ID'],
  [/\b[0-9a-f]{12}\b/g, 'SHORTID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, 'TIME'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+/g, 'TIME'],
  [/\b(Less than a second|About a minute|\d+ (second|minute)s?)( ago)?/g, 'AGE'],
  [/\b(\w{2}:){5}\w{2}\b/g, 'MAC'],
];

/** What docker 29 says in other words than 20.10: ours are the newer ones. */
const NEWER_WORDS: readonly [RegExp, string][] = [
  [
    /(failed to create task for container: )?failed to create shim task: OCI runtime create failed: (runc|tsd-shim) create failed: unable to start container process: (error during container init: )?/g,
    'START FAILED: ',
  ],
];

/** @param places directories of the run, which stand for nothing */
export function normaliseText(text: string, places: Readonly<Record<string, string>>): string {
  let out = text;
  for (const [place, name] of Object.entries(places)) out = out.replaceAll(place, name);
  for (const [pattern, name] of IDENTIFIERS) out = out.replace(pattern, name);
  for (const [pattern, name] of NEWER_WORDS) out = out.replace(pattern, name);
  // Messages begin with a small letter now.
  out = out.replace(
    /(Error response from daemon: )([A-Z])(?=[a-z]+ )/g,
    (_, before, letter) => before + letter.toLowerCase(),
  );
  // The programs are called differently; everything else they say is the same.
  return out
    .replaceAll('connect to the tsdocker daemon', 'connect to the Docker daemon')
    .replaceAll('tsdocker', 'docker');
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
