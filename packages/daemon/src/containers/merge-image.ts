/** The container's configuration: what the request says, and where it is silent, what the image says. */
import type { ContainerConfig } from '@tsdocker/shared/types/container.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import { invalid } from './errors.ts';
import { expandExposed } from './ports.ts';

/**
 * @returns a new configuration; Cmd and Entrypoint are joined by `argvOf`
 * @throws InvalidParameter `no command specified`
 */
export function mergeImage(given: ContainerConfig, image: ImageConfig): ContainerConfig {
  const config: ContainerConfig = { ...given };
  config.User = given.User || image.User || '';
  config.WorkingDir = cleanDirectory(given.WorkingDir || image.WorkingDir || '');
  config.Env = mergeEnv(image.Env ?? [], given.Env ?? []);
  config.ExposedPorts = mergePorts(given.ExposedPorts, image.ExposedPorts);
  config.Volumes = emptyToUndefined({ ...image.Volumes, ...given.Volumes });
  config.Labels = { ...image.Labels, ...given.Labels };
  config.StopSignal = given.StopSignal || image.StopSignal || undefined;
  // A request with an entrypoint of its own drops the image's command; [""] resets the image's entrypoint.
  if (!given.Entrypoint?.length) {
    if (!given.Cmd?.length) config.Cmd = image.Cmd ?? undefined;
    if (given.Entrypoint === undefined || given.Entrypoint === null) config.Entrypoint = image.Entrypoint ?? undefined;
  } else if (given.Entrypoint.length === 1 && given.Entrypoint[0] === '') {
    config.Entrypoint = undefined;
  }
  config.Healthcheck = mergeHealth(given.Healthcheck, image.Healthcheck);
  if (argvOf(config).length === 0) throw invalid('no command specified');
  return config;
}

/** argv: entrypoint, then command. */
export function argvOf(config: ContainerConfig): string[] {
  return [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
}

/** The request's variables, then those of the image that it does not set. */
function mergeEnv(image: readonly string[], given: readonly string[]): string[] {
  const keyOf = (variable: string) => variable.split('=', 1)[0]!;
  const own = new Set(given.map(keyOf));
  return [...given, ...image.filter((variable) => !own.has(keyOf(variable)))];
}

function mergePorts(given: ContainerConfig['ExposedPorts'], image: ContainerConfig['ExposedPorts']) {
  const ports: Record<string, unknown> = {};
  for (const spec of [...Object.keys(given ?? {}), ...Object.keys(image ?? {})]) {
    for (const port of expandExposed(spec)) ports[port] = {};
  }
  return emptyToUndefined(ports);
}

function emptyToUndefined<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

function mergeHealth(given: ContainerConfig['Healthcheck'], image: ContainerConfig['Healthcheck']) {
  if (!image) return given;
  if (!given) return image;
  return {
    Test: given.Test?.length ? given.Test : image.Test,
    Interval: given.Interval || image.Interval,
    Timeout: given.Timeout || image.Timeout,
    StartPeriod: given.StartPeriod || image.StartPeriod,
    StartInterval: given.StartInterval || image.StartInterval,
    Retries: given.Retries || image.Retries,
  };
}

/** path.Clean of Go for absolute paths: no dot segments, no trailing slash. */
export function cleanDirectory(path: string): string {
  if (path === '') return '';
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
