/** Sizes and durations in the notations Docker reads and prints. */

const DECIMAL_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];
const POWERS = 'kmgtp';

/** C's and Go's `%.<digits>g`: significant digits, trailing zeros cut, exponent form (`1e+03`) when it does not fit. */
export function formatG(value: number, digits: number): string {
  if (value === 0) return '0';
  const [mantissa = '0', exponentText = '0'] = roundedExponential(value, digits - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${cutZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return cutZeros(Number(`${mantissa}e${exponent}`).toFixed(digits - 1 - exponent));
}

/** toExponential, but halves go to the even digit as C and Go round, where JavaScript goes up. */
function roundedExponential(value: number, fractionDigits: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(100).split('e');
  const cut = mantissa.indexOf('.') + 1 + fractionDigits;
  const isEvenHalf = /^50*$/.test(mantissa.slice(cut)) && /[02468]\.?$/.test(mantissa.slice(0, cut));
  return isEvenHalf ? `${mantissa.slice(0, cut)}e${exponent}` : value.toExponential(fractionDigits);
}

function cutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function scaled(bytes: number, base: number, units: string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${formatG(value, digits)}${units[unit]}`;
}

/**
 * Bytes in powers of 1000, `1.234kB`.
 * @param digits 4 for volumes, df and pull; 3 for images, history, `ps -s` and the I/O columns of stats (`1.98MB`)
 */
export function humanSize(bytes: number, digits: 3 | 4 = 4): string {
  return scaled(bytes, 1000, DECIMAL_UNITS, digits);
}

/** Bytes in powers of 1024, `975.6KiB`; the memory columns of stats and info. */
export function bytesSize(bytes: number): string {
  return scaled(bytes, 1024, BINARY_UNITS, 4);
}

/**
 * Parses `512m`, `1.5 GiB`, `100`: powers of 1024 whatever the suffix says.
 * @throws Error `invalid size: 'x'` or `invalid suffix: 'x'`
 */
export function ramInBytes(text: string): number {
  return parseSize(text, 1024);
}

/** As ramInBytes, in powers of 1000; log `max-size` and the like. */
export function fromHumanSize(text: string): number {
  return parseSize(text, 1000);
}

function parseSize(text: string, base: number): number {
  const match = /^(.*[0-9. ])([^0-9. ]*)$/s.exec(text);
  // One space may stand between number and unit.
  const number = match?.[1]?.replace(/ $/, '');
  if (!match || number === undefined) throw new Error(`invalid size: '${text}'`);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) {
    throw new Error(`strconv.ParseFloat: parsing "${number}": invalid syntax`);
  }
  const value = Number(number);
  if (value < 0) throw new Error(`invalid size: '${text}'`);
  return Math.trunc(value * multiplier((match[2] ?? '').toLowerCase(), base));
}

function multiplier(suffix: string, base: number): number {
  if (suffix === '' || suffix === 'b') return 1;
  const power = POWERS.indexOf(suffix.charAt(0)) + 1;
  const rest = suffix.slice(1);
  if (power === 0 || !['', 'b', 'ib'].includes(rest)) throw new Error(`invalid suffix: '${suffix}'`);
  return base ** power;
}

/**
 * How long something has lasted, in words: `Less than a second`, `5 seconds`, `About a minute`, `3 weeks`.
 * @param nanos nanoseconds
 */
export function humanDuration(nanos: number | bigint): string {
  const exactSeconds = Number(nanos) / 1e9;
  const seconds = Math.trunc(exactSeconds);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(exactSeconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(exactSeconds / 3600 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.trunc(days / 7)} weeks`;
  if (days < 365 * 2) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(exactSeconds / 3600 / 24 / 365)} years`;
}
