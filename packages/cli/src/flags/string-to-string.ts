import { parseCsvRecord } from './csv.ts';

/**
 * pflag's stringToString: `a=1`, or several as one line of comma separated values; a repeated flag adds to it.
 * @throws Error in pflag's words
 */
export function parseStringToString(text: string): Record<string, string> {
  const equals = text.split('=').length - 1;
  if (equals === 0) throw new Error(`${text} must be formatted as key=value`);
  const pairs = equals === 1 ? [text.replace(/^"+|"+$/g, '')] : parseCsvRecord(text);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 0) throw new Error(`${pair} must be formatted as key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
