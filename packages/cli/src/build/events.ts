/** What every display of a build keeps. */
import type { BuildEvent, FailedPlace } from '@tsdocker/shared/types/build.ts';

/** Shows how a build goes. */
export interface BuildDisplay {
  /** The context is being sent, or has been. */
  sent(bytes: number, done: boolean): void;
  event(event: BuildEvent): void;
  /** Nothing more comes. */
  close(): void;
}

/** Seconds as docker writes them. */
export const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)}s`;

/** The lines of the Dockerfile a build failed at, with those around them. */
export function excerpt({ file, location, lines }: FailedPlace): string {
  const rule = '--------------------';
  const shown = lines.text.map((text, i) => {
    const number = lines.number + i;
    const isThere = number >= location.startLine && number <= location.endLine;
    return `${String(number).padStart(4)} | ${isThere ? '>>>' : '   '} ${text}`;
  });
  return [`${file}:${location.startLine}`, rule, ...shown, rule, ''].join('\n');
}
