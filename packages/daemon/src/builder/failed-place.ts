import type { FailedPlace } from '@tsdocker/shared/types/build.ts';
import type { Location } from '../dockerfile/errors.ts';

const LINES_AROUND = 2;

/** @param lines of the whole Dockerfile */
export function failedPlace(file: string, lines: readonly string[], location: Location): FailedPlace {
  const number = Math.max(1, location.startLine - LINES_AROUND);
  return { file, location, lines: { number, text: lines.slice(number - 1, location.endLine + LINES_AROUND) } };
}
