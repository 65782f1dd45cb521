/** What `POST /build` tells a client that asks for `progress=events`: the `aux` of its messages. */
import type { ProgressMessage } from './image.ts';

/** What happens in a build, in order. `step` numbers what takes time, from 1 on, over all stages. */
export type BuildEvent =
  /** An instruction's turn has come; `number` of `total` counts every one of them. */
  | { kind: 'instruction'; number: number; total: number; text: string }
  | { kind: 'started'; step: number; name: string }
  | { kind: 'cached'; step: number }
  | { kind: 'running'; step: number; container: string }
  | { kind: 'log'; step: number; stream: 'stdout' | 'stderr'; text: string }
  | { kind: 'pull'; step: number; message: ProgressMessage }
  | { kind: 'removed'; step: number; container: string }
  | { kind: 'done'; step: number; millis: number }
  /** `step` 0: before the first, in the text itself. */
  | { kind: 'failed'; step: number; message: string; place: FailedPlace }
  | { kind: 'base'; image: string }
  | { kind: 'built'; image: string; names: string[] };

/** Where in the Dockerfile a build failed. */
export interface FailedPlace {
  file: string;
  /** Lines count from 1. */
  location: { startLine: number; endLine: number };
  /** The lines there and two around them; `number` of the first. */
  lines: { number: number; text: string[] };
}
