/** From `--security-opt seccomp=` and capabilities to the bytes of a filter. Programs are cached: most containers share one. */
import { createHash } from 'node:crypto';
import { compileProfile } from './compile.ts';
import defaultProfile from './data/default-profile.json' with { type: 'json' };
import { parseProfile, resolveProfile, type SeccompContext, type SeccompProfile } from './profile.ts';

/** What seccomp(2) takes: struct sock_filter[] in host order, and SECCOMP_FILTER_FLAG_*. */
export interface SeccompFilter {
  program: Buffer;
  flags: number;
}

/** `unconfined`, `builtin` (Docker's default), or the JSON text of a profile. */
export type SeccompChoice = string;

const MAX_CACHED = 64;

export class SeccompCompiler {
  readonly #host: Omit<SeccompContext, 'caps'>;
  readonly #cache = new Map<string, SeccompFilter>();

  constructor(host: Omit<SeccompContext, 'caps'>) {
    this.#host = host;
  }

  /**
   * @param caps CAP_ names of the container's bounding set: some rules depend on them
   * @returns undefined when unconfined
   * @throws InvalidParameter a profile that can not be read
   */
  compile(choice: SeccompChoice, caps: readonly string[]): SeccompFilter | undefined {
    if (choice === 'unconfined') return undefined;
    const builtin = choice === 'builtin' || choice === '';
    const key = `${builtin ? '' : createHash('sha256').update(choice).digest('hex')} ${[...caps].sort().join()}`;
    const known = this.#cache.get(key);
    if (known) return known;
    const profile = builtin ? (defaultProfile as SeccompProfile) : parseProfile(choice);
    const resolved = resolveProfile(profile, { ...this.#host, caps });
    const filter = { program: compileProfile(resolved), flags: resolved.flags };
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size >= MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, filter);
    return filter;
  }
}
