/** Finds the handler of a method and path. `{name}` takes one part of the path, `{name+}` any number (image names). */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { RequestContext } from './context.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
export type Handler = (ctx: RequestContext) => Promise<void> | void;

export interface Route {
  method: Method;
  path: string;
  handler: Handler;
  /** The handler takes the connection over (attach, exec start): an Upgrade of the client is honoured. */
  hijacks?: boolean;
}

const route =
  (method: Method) =>
  (path: string, handler: Handler, options: { hijacks?: boolean } = {}): Route => ({
    method,
    path,
    handler,
    ...options,
  });

export const get = route('GET');
export const head = route('HEAD');
export const post = route('POST');
export const put = route('PUT');
export const del = route('DELETE');

export interface Match {
  route: Route;
  params: Record<string, string>;
}

interface Pattern {
  route: Route;
  regExp: RegExp;
  names: string[];
}

/** Earlier routes win. Patterns are kept by method and first part of the path, so that few are tried. */
export class Router {
  readonly #buckets = new Map<string, Pattern[]>();

  constructor(routes: readonly Route[]) {
    for (const entry of routes) {
      const key = bucketKey(entry.method, entry.path);
      const bucket = this.#buckets.get(key) ?? [];
      bucket.push(compile(entry));
      this.#buckets.set(key, bucket);
    }
  }

  /** @param path without version and query, still percent-encoded @throws InvalidParameter for a broken encoding */
  match(method: string, path: string): Match | undefined {
    for (const pattern of this.#buckets.get(bucketKey(method, path)) ?? []) {
      const parts = pattern.regExp.exec(path);
      if (parts) return { route: pattern.route, params: decodeParams(pattern.names, parts) };
    }
    return undefined;
  }
}

function bucketKey(method: string, path: string): string {
  const end = path.indexOf('/', 1);
  return `${method} ${end < 0 ? path : path.slice(0, end)}`;
}

function compile(entry: Route): Pattern {
  const names: string[] = [];
  const source = entry.path.replace(
    /\{(\w+)(\+?)\}|[.*+?^$()|[\]\\]/g,
    (found, name: string | undefined, many: string) => {
      if (name === undefined) return `\\${found}`;
      names.push(name);
      return many ? '(.+)' : '([^/]+)';
    },
  );
  return { route: entry, regExp: new RegExp(`^${source}$`), names };
}

function decodeParams(names: string[], parts: RegExpExecArray): Record<string, string> {
  const params: Record<string, string> = {};
  names.forEach((name, index) => {
    try {
      params[name] = decodeURIComponent(parts[index + 1]!);
    } catch (cause) {
      throw new DockerError('InvalidParameter', `invalid URL escape in ${JSON.stringify(parts[index + 1])}`, { cause });
    }
  });
  return params;
}
