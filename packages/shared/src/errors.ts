/**
 * The one error class both sides use. A domain makes errors with Docker's exact words (scripts match them); the daemon
 * turns the code into an HTTP status in one place; the CLI rebuilds the same code from the status.
 */

/** What went wrong, in the API's terms. */
export type ErrorCode =
  | 'InvalidParameter'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'Conflict'
  | 'NotModified'
  | 'NotImplemented'
  | 'Unavailable'
  | 'System'
  | 'Cancelled';

/** HTTP status of each code, as the Engine API answers it. */
export const STATUS_OF_CODE: Readonly<Record<ErrorCode, number>> = {
  InvalidParameter: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  Conflict: 409,
  NotModified: 304,
  NotImplemented: 501,
  Unavailable: 503,
  Cancelled: 499,
  System: 500,
};

/** An error with a code and a message fit for a user: lower case, no full stop, Docker's words where Docker has some. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The code of any thrown value; unknown ones are System. Works across copies of this module, unlike instanceof. */
export function codeOf(err: unknown): ErrorCode {
  const code = (err as { name?: unknown; code?: unknown } | null)?.code;
  return isDockerError(err) && typeof code === 'string' && code in STATUS_OF_CODE ? (code as ErrorCode) : 'System';
}

/** True for a DockerError of any copy of this module. */
export function isDockerError(err: unknown): err is DockerError {
  return err instanceof Error && err.name === 'DockerError';
}

export const isNotFound = (err: unknown): boolean => codeOf(err) === 'NotFound';
export const isConflict = (err: unknown): boolean => codeOf(err) === 'Conflict';
export const isNotModified = (err: unknown): boolean => codeOf(err) === 'NotModified';
export const isInvalidParameter = (err: unknown): boolean => codeOf(err) === 'InvalidParameter';

/** The code for an HTTP status a daemon answered (the table above, read backwards). */
export function codeOfStatus(status: number): ErrorCode {
  for (const [code, s] of Object.entries(STATUS_OF_CODE)) if (s === status) return code as ErrorCode;
  return status >= 400 && status < 500 ? 'InvalidParameter' : 'System';
}
