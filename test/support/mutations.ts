/** Hostile versions of good input, the same for the same seed. */

type Random = (limit: number) => number;

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  0.5,
  '',
  '\0',
  '..',
  'sha256:',
  `sha256:${'0'.repeat(63)}`,
  `sha256:${'G'.repeat(64)}`,
  'x'.repeat(5000),
  '\ud800',
  [],
  [null],
  {},
  { toString: 1, length: -1 },
  [[[[[[]]]]]],
];
const ODD_KEYS = ['__proto__', 'constructor', 'schemaVersion', 'manifests', 'layers', 'config', 'mediaType', ''];

/** A copy with one to three places changed: another value, a member more, one less, an element twice. */
export function mutatedJson(value: unknown, random: Random): unknown {
  const copy = structuredClone(value);
  for (let i = random(3); i >= 0; i--) mutateOnce(copy, random);
  return copy;
}

function mutateOnce(root: unknown, random: Random): void {
  const places: { parent: Record<string, unknown>; key: string }[] = [];
  const visit = (parent: unknown): void => {
    if (typeof parent !== 'object' || parent === null) return;
    for (const key of Object.keys(parent)) {
      places.push({ parent: parent as Record<string, unknown>, key });
      visit((parent as Record<string, unknown>)[key]);
    }
  };
  visit(root);
  const place = places[random(Math.max(places.length, 1))];
  if (!place) return;
  const { parent, key } = place;
  const odd = ODD_VALUES[random(ODD_VALUES.length)];
  switch (random(4)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 1:
      if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
      else
        Object.defineProperty(parent, ODD_KEYS[random(ODD_KEYS.length)] as string, {
          value: odd,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      break;
    default:
      parent[key] = odd;
  }
}

/** A copy with bytes flipped, a piece cut out or doubled, or the end missing. */
export function mutatedBytes(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random(Math.max(copy.length, 1));
  const length = random(Math.max(copy.length - at, 1));
  switch (random(4)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at + length), copy.subarray(at)]);
    default:
      for (let i = 0; i <= random(8) && copy.length > 0; i++) copy[random(copy.length)] = random(256);
      return copy;
  }
}
