/**
 * Answers a registry's challenge: Basic with the user's password, or a Bearer token fetched from the realm it names and
 * kept until it expires.
 * @see distribution "Token Authentication Specification"
 */
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { Challenge } from './challenge.ts';

export interface Credentials {
  username?: string;
  password?: string;
  identityToken?: string;
  registryToken?: string;
}

/** The request that fetches a token. */
export type TokenRequest = (
  url: URL,
  init: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
) => Promise<Buffer>;

const DEFAULT_LIFE_SECONDS = 60;
const CLIENT_ID = 'tsdocker';

/** Credentials of an X-Registry-Auth header; `auth` is base64 of `user:password`. */
export function credentialsOf(auth: AuthConfig | undefined): Credentials {
  if (!auth) return {};
  let { username, password } = auth;
  if (!username && auth.auth) {
    const decoded = Buffer.from(auth.auth, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon > 0) {
      username = decoded.slice(0, colon);
      password = decoded.slice(colon + 1).replace(/\0+$/, '');
    }
  }
  return {
    ...(username && { username, password: password ?? '' }),
    ...(auth.identitytoken && { identityToken: auth.identitytoken }),
    ...(auth.registrytoken && { registryToken: auth.registrytoken }),
  };
}

export class Authenticator {
  readonly #credentials: Credentials;
  readonly #request: TokenRequest;
  readonly #tokens = new Map<string, { token: string; expiresAt: number }>();
  #challenges: Challenge[] = [];

  constructor(credentials: Credentials, request: TokenRequest) {
    this.#credentials = credentials;
    this.#request = request;
  }

  /** Remembers how the registry wants to be asked. */
  challenged(challenges: Challenge[]): void {
    if (challenges.length > 0) this.#challenges = challenges;
  }

  /** Forgets tokens the registry no longer takes. */
  reject(scope: string): void {
    this.#tokens.delete(scope);
  }

  /**
   * The Authorization header, undefined when the registry asked for none.
   * @param scope `repository:library/ubuntu:pull`
   * @throws Error `no basic auth credentials`; what the token server says
   */
  async header(scope: string): Promise<string | undefined> {
    if (this.#credentials.registryToken) return `Bearer ${this.#credentials.registryToken}`;
    const bearer = this.#challenges.find((c) => c.scheme === 'bearer');
    if (bearer) return `Bearer ${await this.#token(bearer, scope)}`;
    if (!this.#challenges.some((c) => c.scheme === 'basic')) return undefined;
    const basic = this.#basic();
    if (!basic) throw new Error('no basic auth credentials');
    return basic;
  }

  #basic(): string | undefined {
    const { username, password } = this.#credentials;
    if (!username) return undefined;
    return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
  }

  async #token(challenge: Challenge, scope: string): Promise<string> {
    const known = this.#tokens.get(scope);
    if (known && known.expiresAt > Date.now()) return known.token;
    const answer = parseToken(await this.#fetch(challenge, scope));
    // Ten seconds less than it lives, so that it does not end on its way.
    const life = Math.max(answer.expiresIn - 10, 1);
    this.#tokens.set(scope, { token: answer.token, expiresAt: Date.now() + life * 1000 });
    return answer.token;
  }

  #fetch(challenge: Challenge, scope: string): Promise<Buffer> {
    const realm = realmOf(challenge);
    const service = challenge.parameters['service'] ?? '';
    const { identityToken, username } = this.#credentials;
    if (identityToken) {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        service,
        client_id: CLIENT_ID,
        scope,
        refresh_token: identityToken,
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return this.#request(realm, { method: 'POST', headers, body: body.toString() });
    }
    if (username) realm.searchParams.append('account', username);
    if (scope) realm.searchParams.append('scope', scope);
    if (service) realm.searchParams.append('service', service);
    const basic = this.#basic();
    return this.#request(realm, { method: 'GET', headers: basic ? { authorization: basic } : {} });
  }
}

function realmOf(challenge: Challenge): URL {
  const realm = challenge.parameters['realm'] ?? '';
  if (!URL.canParse(realm) || !/^https?:$/.test(new URL(realm).protocol))
    throw new Error('malformed auth challenge header');
  return new URL(realm);
}

function parseToken(body: Buffer): { token: string; expiresIn: number } {
  let json: { token?: unknown; access_token?: unknown; expires_in?: unknown };
  try {
    json = JSON.parse(body.toString('utf8')) ?? {};
  } catch (err) {
    throw new Error('unable to decode token response', { cause: err });
  }
  const token = json.access_token ?? json.token;
  if (typeof token !== 'string' || token === '' || /[^\x21-\x7e]/.test(token)) {
    throw new Error('authorization server did not include a token in the response');
  }
  const expires = typeof json.expires_in === 'number' ? json.expires_in : 0;
  return { token, expiresIn: Math.max(expires, DEFAULT_LIFE_SECONDS) };
}
