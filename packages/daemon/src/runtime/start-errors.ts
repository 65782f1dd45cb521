/** A step that failed in the shim, in Docker's words and with its exit code. */
import { getSystemErrorMessage } from 'node:util';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { StartFailure } from './runtime.ts';
import type { StepError } from './shim/shim.types.ts';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
/** A container that could not be made for another reason. */
const UNKNOWN = 128;

/** What libuv calls otherwise than the C library, whose words scripts match. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EISDIR: 'is a directory',
  ENOEXEC: 'exec format error',
  EINVAL: 'invalid argument',
  ELOOP: 'too many levels of symbolic links',
  EBUSY: 'device or resource busy',
  // libuv knows it as one of sockets only.
  ENOTSUP: 'operation not supported',
  EOPNOTSUPP: 'operation not supported',
};

const CREATE_FRAME =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: tsd-shim create failed: unable to start container process: error during container init';
const EXEC_FRAME = 'OCI runtime exec failed: exec failed: unable to start container process';

/** @param program argv[0] as the user gave it */
export function startFailure(err: unknown, program: string): DockerError & StartFailure {
  return failure(err, program, CREATE_FRAME);
}

/** Of an exec in a running container. */
export function execFailure(err: unknown, program: string): DockerError & StartFailure {
  return failure(err, program, EXEC_FRAME);
}

function failure(err: unknown, program: string, frame: string): DockerError & StartFailure {
  if (!isStepError(err)) return withExitCode('System', `${frame}: ${(err as Error).message}: unknown`, UNKNOWN, err);
  const isExec = err.step === 'lookup' || err.step === 'execve';
  const what = isExec ? describeExec(err, program) : describeStep(err);
  const exitCode = exitCodeOf(err, isExec);
  const code = exitCode === UNKNOWN ? 'System' : 'InvalidParameter';
  return withExitCode(code, `${frame}: ${what}: unknown`, exitCode, err);
}

/** A name without a slash was looked for in PATH; a path was tried as it is. */
function describeExec(err: StepError, program: string): string {
  const name = JSON.stringify(program);
  if (err.code === 'ENOENT' && !program.includes('/')) return `exec: ${name}: executable file not found in $PATH`;
  if (err.code === 'ENOENT') return `exec: ${name}: stat ${program}: ${errnoText(err)}`;
  if (err.code === 'ENOEXEC') return `exec ${program}: ${errnoText(err)}`;
  return `exec: ${name}: ${errnoText(err)}`;
}

function describeStep(err: StepError): string {
  const text = `${err.step}${err.path && !err.step.includes(err.path) ? ` ${JSON.stringify(err.path)}` : ''}: ${errnoText(err)}`;
  if (err.code !== 'ENOTDIR') return text;
  const question = 'Are you trying to mount a directory onto a file (or vice-versa)?';
  return `${text}: ${question} Check if the specified host path exists and is the expected type`;
}

function exitCodeOf(err: StepError, isExec: boolean): number {
  if (err.code === 'EACCES' || err.code === 'EISDIR') return NOT_EXECUTABLE;
  if (err.code === 'ENOTDIR') return isExec ? NOT_EXECUTABLE : NOT_FOUND;
  return err.code === 'ENOENT' ? NOT_FOUND : UNKNOWN;
}

/** @param err errno is positive, as the shim says it */
export function errnoText(err: Pick<StepError, 'code' | 'errno'>): string {
  return ERRNO_TEXT[err.code] ?? getSystemErrorMessage(-err.errno) ?? `errno ${err.errno}`;
}

function isStepError(err: unknown): err is StepError {
  const candidate = err as Partial<StepError> | null;
  return err instanceof Error && typeof candidate?.step === 'string' && typeof candidate.errno === 'number';
}

function withExitCode(
  code: 'System' | 'InvalidParameter',
  message: string,
  exitCode: number,
  cause: unknown,
): DockerError & StartFailure {
  return Object.assign(new DockerError(code, message, { cause }), { exitCode });
}
