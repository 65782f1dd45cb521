/** Values of ARGs: from the command line, the platform, the file's own defaults. */
import { parsePlatform } from '@tsdocker/shared/platform.ts';
import type { ArgInstruction } from '../dockerfile/instructions/types.ts';
import { expand, type Lookup } from '../dockerfile/shell-lex.ts';

/** Passed on to RUN without a declaration, and kept out of history and cache keys. @see Dockerfile reference, "Predefined ARGs" */
const PROXY_NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];
export const PREDEFINED: ReadonlySet<string> = new Set(PROXY_NAMES.flatMap((n) => [n, n.toLowerCase()]));

/** `--build-arg`; a null value came as a bare name that the client does not have. */
export type BuildArgs = Readonly<Record<string, string | null>>;

/** TARGETPLATFORM and its kin. @see Dockerfile reference, "Automatic platform ARGs" */
export function platformArgs(opts: {
  target: string;
  build: string;
  targetStage?: string | undefined;
}): Map<string, string> {
  const out = new Map<string, string>();
  for (const [prefix, platform] of [
    ['TARGET', opts.target],
    ['BUILD', opts.build],
  ] as const) {
    const { os, architecture, variant } = parsePlatform(platform);
    out.set(`${prefix}PLATFORM`, platform);
    out.set(`${prefix}OS`, os);
    out.set(`${prefix}ARCH`, architecture);
    out.set(`${prefix}VARIANT`, variant ?? '');
    out.set(`${prefix}OSVERSION`, '');
  }
  out.set('TARGETSTAGE', opts.targetStage ?? 'default');
  return out;
}

/** Global scope: declared before the first FROM, and the platform's. */
export function globalArgs(
  declared: readonly ArgInstruction[],
  automatic: ReadonlyMap<string, string>,
  buildArgs: BuildArgs,
  escapeToken: string,
): Map<string, string> {
  const out = new Map(automatic);
  for (const name of automatic.keys()) {
    const given = buildArgs[name];
    if (given != null) out.set(name, given);
  }
  for (const { args } of declared)
    for (const { name, value } of args) {
      const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
      const lookup: Lookup = (n) => out.get(n);
      if (given != null) out.set(name, given);
      else if (value !== undefined) out.set(name, expand(value, { lookup, escape: escapeToken }).value);
    }
  return out;
}

/** The value an ARG of a stage takes: `--build-arg`, else its default, else the global one. */
export function argValue(
  name: string,
  fallback: string | undefined,
  globals: ReadonlyMap<string, string>,
  buildArgs: BuildArgs,
): string | undefined {
  const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
  return given ?? fallback ?? globals.get(name);
}
