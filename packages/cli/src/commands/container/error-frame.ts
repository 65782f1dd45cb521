import { errorText } from '../../client/errors.ts';
import { StatusError } from '../../status-error.ts';

/** The client or the daemon failed, and no command ran. */
export const EXIT_FAILED = 125;
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;

/** An error of `create` or `run` as docker prints it, with the way to the help. */
export function framed(verb: 'create' | 'run', err: unknown, exitCode: number = EXIT_FAILED): StatusError {
  if (err instanceof StatusError) return err;
  return new StatusError(exitCode, `tsdocker: ${errorText(err)}\n\nRun 'tsdocker ${verb} --help' for more information`);
}

/** The exit code that tells a shell why a container could not be started, by what the daemon said. */
export function exitCodeOfStartError(err: unknown): number {
  const { message } = err as Error;
  const says = (...texts: string[]): boolean => texts.some((text) => message.includes(text));
  if (says('executable file not found', 'no such file or directory', 'system cannot find the file specified')) {
    return EXIT_NOT_FOUND;
  }
  return says('permission denied', 'is a directory') ? EXIT_NOT_EXECUTABLE : EXIT_FAILED;
}
