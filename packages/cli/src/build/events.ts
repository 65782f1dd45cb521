/** A build's events as the daemon tells them, and what every display of them keeps. */
export type BuildEvent =
  | { kind: 'started'; step: number; name: string }
  | { kind: 'cached'; step: number }
  | { kind: 'log'; step: number; stream: 'stdout' | 'stderr'; text: string }
  | { kind: 'pull'; step: number; message: { id?: string; status?: string; progress?: string } }
  | { kind: 'done'; step: number; millis: number }
  | { kind: 'failed'; step: number; message: string; place: FailedPlace }
  | { kind: 'warning'; text: string }
  | { kind: 'built'; image: string; names: string[] };

export interface FailedPlace {
  file: string;
  location: { startLine: number; endLine: number };
  /** `number` of the first. */
  lines: { number: number; text: string[] };
}

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
