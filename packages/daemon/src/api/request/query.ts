/** Query parameters, read by the rules of Docker's handlers. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { type Filters, parseFilters } from '@tsdocker/shared/filters.ts';

export class Query {
  readonly #params: URLSearchParams;

  constructor(params: URLSearchParams) {
    this.#params = params;
  }

  has(name: string): boolean {
    return this.#params.has(name);
  }

  /** '' when absent. */
  string(name: string): string {
    return this.#params.get(name) ?? '';
  }

  /** Undefined when absent or empty. */
  optional(name: string): string | undefined {
    return this.#params.get(name) || undefined;
  }

  strings(name: string): string[] {
    return this.#params.getAll(name);
  }

  /** Everything but '', 0, no, false and none is true. */
  bool(name: string, absent = false): boolean {
    const value = this.#params.get(name);
    if (value === null) return absent;
    return !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
  }

  /** Undefined when absent or empty. @throws InvalidParameter in strconv's words */
  int(name: string): number | undefined {
    const text = this.optional(name);
    return text === undefined ? undefined : parseInteger(text);
  }

  filters(): Filters {
    return parseFilters(this.#params.get('filters'));
  }

  /** `seconds[.nanos]` since the epoch; undefined when absent, empty or 0. @throws InvalidParameter */
  timestamp(name: string): bigint | undefined {
    const text = this.optional(name);
    if (text === undefined || text === '0') return undefined;
    const match = /^(-?\d{1,19})(?:\.(\d{1,9})\d*)?$/.exec(text);
    if (!match)
      throw new DockerError('InvalidParameter', `invalid value for "${name}": "${text}" is not a unix timestamp`);
    const nanos = BigInt((match[2] ?? '').padEnd(9, '0'));
    const seconds = BigInt(match[1]!) * 1_000_000_000n;
    return text.startsWith('-') ? seconds - nanos : seconds + nanos;
  }
}

/** @throws InvalidParameter `strconv.Atoi: parsing "x": invalid syntax` */
export function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new DockerError('InvalidParameter', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new DockerError('InvalidParameter', `strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return value;
}
