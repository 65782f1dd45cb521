/** config.json of DOCKER_CONFIG or ~/.docker: read only here, written by config-edit.ts (login, logout and the current context). */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';

/** One entry of `proxies`: build and run hand them to containers as environment. */
export interface ProxyConfig {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
  ftpProxy?: string;
  allProxy?: string;
}

/** The members of the file that this program reads, with docker's own names. */
export interface ConfigFileContent {
  auths?: Record<string, AuthConfig>;
  credsStore?: string;
  /** Registry to helper, in front of credsStore. */
  credHelpers?: Record<string, string>;
  currentContext?: string;
  detachKeys?: string;
  HttpHeaders?: Record<string, string>;
  /** Daemon address or `default`. */
  proxies?: Record<string, ProxyConfig>;
  psFormat?: string;
  imagesFormat?: string;
  volumesFormat?: string;
  networksFormat?: string;
  statsFormat?: string;
}

export interface ConfigFile extends ConfigFileContent {
  /** The folder: config.json, contexts/, certificates. */
  readonly directory: string;
  /** Set when the file is there and cannot be read: said once on stderr, then the file counts as empty. */
  readonly problem?: string;
}

/** `DOCKER_CONFIG`, else `~/.docker`. HOME of the command's environment rules, not the process's. */
export function configDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
}

/** A missing file is an empty one. */
export function loadConfigFile(directory: string): ConfigFile {
  const path = join(directory, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { directory };
    return { directory, problem: `WARNING: Error loading config file: ${message}` };
  }
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== 'object' || content === null || Array.isArray(content)) throw new Error('not a JSON object');
    return { ...(content as ConfigFileContent), directory };
  } catch (err) {
    return { directory, problem: `WARNING: Error parsing config file (${path}): ${(err as Error).message}` };
  }
}
