/**
 * What can go wrong between the daemon and a registry, in the words Docker's users know: registry error codes, and
 * network failures as Go prints them.
 * @see OCI distribution-spec "Error Codes"
 */
import { parseChallenges } from './challenge.ts';

/** An answer of the registry that is an error. `message` is complete: `denied: requested access to the resource is denied`. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  /** `DENIED`, `MANIFEST_UNKNOWN`, ...; empty when the answer has none. */
  readonly registryCode: string;
  readonly status: number;
  /** From Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  constructor(registryCode: string, status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.registryCode = registryCode;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No usable answer: `Get "https://host/v2/": dial tcp: lookup host: no such host`. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

const DEFAULT_MESSAGE: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'authentication required',
  DENIED: 'requested access to the resource is denied',
  MANIFEST_UNKNOWN: 'manifest unknown',
  NAME_UNKNOWN: 'repository name not known to registry',
  BLOB_UNKNOWN: 'blob unknown to registry',
  TOOMANYREQUESTS: 'too many requests',
  UNKNOWN: 'unknown error',
};

function coded(code: string, status: number, message: string | undefined, retryAfter?: number): RegistryError {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return new RegistryError(
    code,
    status,
    `${words}: ${message || DEFAULT_MESSAGE[code] || 'unknown error'}`,
    retryAfter,
  );
}

export interface ErrorAnswer {
  status: number;
  statusText: string;
  /** `WWW-Authenticate`, all values. */
  challenges: string[];
  retryAfter: string | undefined;
  /** At most 8 KiB. */
  body: string;
}

/** The error an answer of 400 and above stands for. */
export function errorOf(answer: ErrorAnswer): RegistryError {
  const { status } = answer;
  const retryAfter = seconds(answer.retryAfter);
  if (status >= 500)
    return new RegistryError('', status, `received unexpected HTTP status: ${status} ${answer.statusText}`, retryAfter);
  for (const challenge of parseChallenges(answer.challenges)) {
    const code = { invalid_token: 'UNAUTHORIZED', insufficient_scope: 'DENIED' }[challenge.parameters['error'] ?? ''];
    if (challenge.scheme === 'bearer' && code) return coded(code, status, challenge.parameters['error_description']);
  }
  return fromBody(answer, retryAfter);
}

function fromBody({ status, statusText, body }: ErrorAnswer, retryAfter: number | undefined): RegistryError {
  const parsed = parseBody(body);
  if (parsed?.code) return coded(parsed.code, status, parsed.message, retryAfter);
  if (status === 401) return coded('UNAUTHORIZED', status, parsed?.message, retryAfter);
  if (status === 429) return coded('TOOMANYREQUESTS', status, parsed?.message, retryAfter);
  const text = parsed?.message ?? body.trim().slice(0, 200);
  return new RegistryError(
    '',
    status,
    `unexpected status code ${status} ${statusText}${text ? `: ${text}` : ''}`,
    retryAfter,
  );
}

/** The first of `errors`, or the `details` some token servers send instead. */
function parseBody(body: string): { code?: string; message?: string } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { errors, details } = (json ?? {}) as { errors?: unknown; details?: unknown };
  const first = Array.isArray(errors) ? (errors[0] as { code?: unknown; message?: unknown } | undefined) : undefined;
  if (first && typeof first.code === 'string') {
    return { code: first.code, ...(typeof first.message === 'string' && { message: first.message }) };
  }
  return typeof details === 'string' ? { message: details } : undefined;
}

/** Retry-After in seconds, at most a minute: a registry must not make a pull wait for hours. */
function seconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined;
  return Math.min(Number(value), 60);
}

/** A failure of node's network code in Go's words. */
export function connectionError(method: string, url: URL, err: unknown): ConnectionError {
  const verb = method[0] + method.slice(1).toLowerCase();
  return new ConnectionError(`${verb} "${url}": ${reasonOf(err, url)}`, { cause: err });
}

function reasonOf(err: unknown, url: URL): string {
  const e = err as NodeJS.ErrnoException & { address?: string; port?: number; errors?: unknown[]; reason?: string };
  // Several addresses were tried: Go reports the last one, too.
  if (Array.isArray(e.errors) && e.errors.length > 0) return reasonOf(e.errors.at(-1), url);
  const address = e.address
    ? e.address.includes(':')
      ? `[${e.address}]:${e.port}`
      : `${e.address}:${e.port}`
    : url.host;
  switch (e.code) {
    case 'ENOTFOUND':
      return `dial tcp: lookup ${url.hostname}: no such host`;
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${url.hostname}: Temporary failure in name resolution`;
    case 'ECONNREFUSED':
      return `dial tcp ${address}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${address}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${address}: connect: network is unreachable`;
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `dial tcp ${address}: i/o timeout`;
    case 'UND_ERR_HEADERS_TIMEOUT':
      return 'net/http: timeout awaiting response headers';
    case 'UND_ERR_BODY_TIMEOUT':
      return 'net/http: timeout while reading body';
    case 'ECONNRESET':
      return `read tcp ${address}: read: connection reset by peer`;
    case 'UND_ERR_SOCKET':
      return 'EOF';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: ${e.reason ?? e.message}`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'http: server gave HTTP response to HTTPS client';
    default:
      return e.message;
  }
}
