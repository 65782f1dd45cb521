/** Terminal sizes as requests carry them. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parseInteger, type Query } from './query.ts';

export interface TerminalSize {
  height: number;
  width: number;
}

/** `?h=24&w=80`. @throws InvalidParameter when one is missing or no 16 bit number */
export function terminalSize(query: Query): TerminalSize {
  return { height: side(query.string('h'), 'height'), width: side(query.string('w'), 'width') };
}

/** `[height, width]` of a body; undefined when absent. @throws InvalidParameter */
export function consoleSize(value: readonly number[] | null | undefined): TerminalSize | undefined {
  if (!value) return undefined;
  if (value.length !== 2) throw new DockerError('InvalidParameter', 'invalid console size: two numbers are needed');
  return { height: side(String(value[0]), 'height'), width: side(String(value[1]), 'width') };
}

function side(text: string, name: string): number {
  const value = parseInteger(text);
  if (value < 0 || value > 0xffff) {
    throw new DockerError('InvalidParameter', `invalid ${name} ${text}: must be between 0 and 65535`);
  }
  return value;
}
