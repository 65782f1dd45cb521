/** Parses; integers beyond 2^53 become bigint instead of being rounded. */
export function parseExactJson(json: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    const inexact = typeof value === 'number' && !Number.isSafeInteger(value) && source && /^-?\d+$/.test(source);
    return inexact ? BigInt(source) : value;
  };
  return /\d{16}/.test(json) ? JSON.parse(json, reviver as (key: string, value: unknown) => unknown) : JSON.parse(json);
}
