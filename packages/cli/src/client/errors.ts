/** Errors of the client, and how each is said to the user. */
import { codeOfStatus, DockerError, type ErrorCode } from '@tsdocker/shared/errors.ts';

/** The daemon answered 400 or more: its words and its code. Printed behind `Error response from daemon: `. */
export class DaemonError extends DockerError {
  readonly fromDaemon = true;
  readonly status: number;
  constructor(status: number, message: string) {
    super(codeOfStatus(status), message);
    this.status = status;
  }
}

/** There was no answer: nobody listens, no permission, the connection broke. */
export class ConnectionError extends DockerError {
  readonly noDaemon = true;
  constructor(message: string, code: ErrorCode = 'Unavailable', options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export function isFromDaemon(err: unknown): err is DaemonError {
  return err instanceof Error && 'fromDaemon' in err && err.fromDaemon === true;
}

export function isConnectionError(err: unknown): err is ConnectionError {
  return err instanceof Error && 'noDaemon' in err && err.noDaemon === true;
}

/** What docker prints for an error, without a newline at the end. */
export function errorText(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  return isFromDaemon(err) ? `Error response from daemon: ${err.message}` : err.message;
}

/** The message of an error body: `{"message": ...}`, or plain text from old engines and proxies. */
export function messageOfBody(status: number, statusText: string, contentType: string, body: string): string {
  if (contentType.startsWith('application/json')) {
    try {
      const message = (JSON.parse(body) as { message?: unknown }).message;
      if (typeof message === 'string' && message.trim() !== '') return message.trim();
    } catch {
      return `API returned a ${status} (${statusText}) but the body is not valid JSON: ${body.trim()}`;
    }
    return `API returned a ${status} (${statusText}) but provided no error-message`;
  }
  return body.trim() || `API returned a ${status} (${statusText}) but provided no error-message`;
}

/** A failed connection in docker's words, with the way out in the same line. */
export function connectionError(
  host: string,
  method: string,
  path: string,
  cause: NodeJS.ErrnoException,
): ConnectionError {
  const socketPath = host.startsWith('unix://') ? host.slice('unix://'.length) : '';
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    const verb = method.slice(0, 1) + method.slice(1).toLowerCase();
    const url = `http://${encodeURIComponent(socketPath)}${path}`;
    return new ConnectionError(
      `permission denied while trying to connect to the Docker daemon socket at ${host}: ${verb} "${url}": dial unix ${socketPath}: connect: permission denied`,
      'Forbidden',
      { cause },
    );
  }
  const unreachable = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'];
  if (unreachable.includes(cause.code ?? '')) {
    const wayOut = socketPath.endsWith('tsdocker.sock')
      ? ' Start it with: tsdockerd, or npm start in the checkout'
      : '';
    return new ConnectionError(
      `Cannot connect to the tsdocker daemon at ${host}. Is the tsdocker daemon running?${wayOut}`,
      'Unavailable',
      { cause },
    );
  }
  return new ConnectionError(`error during connect: ${method} ${host}${path}: ${cause.message}`, 'Unavailable', {
    cause,
  });
}
