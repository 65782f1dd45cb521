import { parseBytes } from './bytes.ts';
import { cut, parseUint } from './go-number.ts';

/** Splits `<device-path>:<value>`. */
function splitDevice(text: string): { path: string; value: string } {
  const { before: path, after: value, found } = cut(text, ':');
  if (!found || path === '') throw new Error(`bad format: ${text}`);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${text}`);
  return { path, value };
}

/** `/dev/x:weight`, weight 0 or 10 to 1000. */
export function parseWeightDevice(text: string): { Path: string; Weight: number } {
  const { path, value } = splitDevice(text);
  const weight = orUndefined(() => parseUint(value, 10, 16));
  if (weight === undefined || (weight > 0 && (weight < 10 || weight > 1000))) {
    throw new Error(`invalid weight for device: ${text}`);
  }
  return { Path: path, Weight: weight };
}

/** `/dev/x:rate[unit]`, bytes a second. */
export function parseThrottleBps(text: string): { Path: string; Rate: number } {
  const { path, value } = splitDevice(text);
  const rate = orUndefined(() => parseBytes(value));
  if (rate === undefined) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
  return { Path: path, Rate: rate };
}

/** `/dev/x:rate`, operations a second. */
export function parseThrottleIops(text: string): { Path: string; Rate: number } {
  const { path, value } = splitDevice(text);
  const rate = orUndefined(() => parseUint(value, 10, 64));
  if (rate === undefined) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  }
  return { Path: path, Rate: rate };
}

/** Docker says the same of every bad number here, whatever is wrong with it. */
function orUndefined(parse: () => number): number | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
