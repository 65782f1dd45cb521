import { cut } from './go-number.ts';

const NANO = 10n ** 9n;

/**
 * A number of processors as a decimal or a fraction: `1.5`, `1/2`, `1e-2`.
 * @returns billionths of a processor
 * @throws `failed to parse x as a rational number`, `value is too precise`
 */
export function parseCpus(text: string): number {
  const ratio = parseRatio(text);
  if (!ratio) throw new Error(`failed to parse ${text} as a rational number`);
  const scaled = ratio.numerator * NANO;
  if (scaled % ratio.denominator !== 0n) throw new Error('value is too precise');
  return Number(scaled / ratio.denominator);
}

interface Ratio {
  numerator: bigint;
  denominator: bigint;
}

function parseRatio(text: string): Ratio | undefined {
  const { before, after, found } = cut(text, '/');
  if (!found) return parseDecimal(text);
  if (!/^[+-]?\d+$/.test(before) || !/^\d+$/.test(after) || BigInt(after) === 0n) return undefined;
  return { numerator: BigInt(before.replace('+', '')), denominator: BigInt(after) };
}

function parseDecimal(text: string): Ratio | undefined {
  const m = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (!m || (m[2] === '' && m[3] === '')) return undefined;
  const digits = BigInt(`${m[2]}${m[3]}`);
  const numerator = m[1] === '-' ? -digits : digits;
  const exponent = Number(m[4] ?? 0) - m[3]!.length;
  if (exponent >= 0) return { numerator: numerator * 10n ** BigInt(exponent), denominator: 1n };
  return { numerator, denominator: 10n ** BigInt(-exponent) };
}
