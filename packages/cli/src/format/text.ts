/** Cutting and joining as docker's listings do. */
const SHORT_ID = 12;

/** Twelve digits, without `sha256:`. */
export function shortId(id: string): string {
  const colon = id.indexOf(':');
  return (colon < 0 ? id : id.slice(colon + 1)).slice(0, SHORT_ID);
}

/** At most `width` characters, the last one `…` when something was cut. */
export function ellipsis(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** `a=1,b=2`, sorted. */
export function labelsText(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.keys(labels ?? {})
    .sort()
    .map((key) => `${key}=${labels?.[key]}`)
    .join(',');
}

/** The method `.Label "key"` of a row. */
export function labelMethod(labels: Readonly<Record<string, string>> | null | undefined): (key: unknown) => string {
  return (key) => labels?.[String(key)] ?? '';
}

/** The header of a column `.Label "com.example.some-key"`: `some key`. */
export function labelHeader(key: unknown): string {
  return String(key).split('.').at(-1)!.replace(/[-_]/g, ' ');
}
