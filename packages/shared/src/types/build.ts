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
  | { kind: 'built'; image: string; names: string[] }
  /** What the checks say of a Dockerfile that was built from. */
  | { kind: 'warnings'; warnings: CheckWarning[] }
  /** Answers to `call`, in place of a build. `error`: what a build would fail with. */
  | { kind: 'checked'; warnings: CheckWarning[]; error?: { message: string; place: FailedPlace }; source: BuildSource }
  | { kind: 'outline'; outline: BuildOutline; source: BuildSource }
  | { kind: 'targets'; targets: BuildTarget[]; source: BuildSource };

/** What `POST /build` may be asked for; `build` is a build. */
export type BuildCall = 'build' | 'check' | 'outline' | 'targets';

export interface BuildSource {
  file: string;
  /** The Dockerfile's text. */
  text: string;
}

/** @see Docker documentation, "Build checks" */
export interface CheckWarning {
  rule: string;
  description: string;
  url: string;
  /** What is wrong here. */
  detail: string;
  place: FailedPlace;
}

/** What the build of a target takes. Lines count from 1. */
export interface BuildOutline {
  name?: string;
  description?: string;
  args: { name: string; value?: string; description?: string; line: number }[];
  secrets: { name: string; required: boolean; line: number }[];
  ssh: { name: string; required: boolean; line: number }[];
  cache: { id: string; line: number }[];
}

export interface BuildTarget {
  name?: string;
  default: boolean;
  description?: string;
  base: string;
  platform?: string;
  line: number;
}

/** Where in the Dockerfile a build failed. */
export interface FailedPlace {
  file: string;
  /** Lines count from 1. */
  location: { startLine: number; endLine: number };
  /** The lines there and two around them; `number` of the first. */
  lines: { number: number; text: string[] };
}
