/**
 * Every JSON answer as a line of a file, for checking what a daemon said against the API's definition afterwards. Off
 * unless the environment names a file: answers hold what clients put into them, secrets of environments included.
 */
import { createWriteStream } from 'node:fs';

export interface LoggedAnswer {
  method: string;
  /** As the route has it: `/containers/{id}/json`. */
  route: string;
  /** `1.55` */
  version: string;
  status: number;
  body: unknown;
}

export type RecordAnswer = (answer: LoggedAnswer) => void;

/** Name of the variable that holds the file's path. */
export const ANSWER_LOG = 'TSDOCKERD_ANSWER_LOG';

/** Appends; undefined when no file is named. */
export function openAnswerLog(env: Readonly<Record<string, string | undefined>>): RecordAnswer | undefined {
  const path = env[ANSWER_LOG];
  if (!path) return undefined;
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  return (answer) => void file.write(`${JSON.stringify(answer)}\n`);
}
