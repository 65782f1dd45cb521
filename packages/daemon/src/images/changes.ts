/**
 * `--change` of import and commit: Dockerfile instructions that alter a configuration.
 * @see Dockerfile reference; only the instructions that need no build
 */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import { durationNanos, expand, words } from './change-words.ts';

type Apply = (config: ImageConfig, rest: string) => void;

const invalid = (message: string) => new DockerError('InvalidParameter', message);

/** JSON form gives the list itself, anything else a shell command. */
function command(config: ImageConfig, rest: string): string[] {
  const list = jsonList(rest);
  return list ?? (rest === '' ? [] : [...(config.Shell ?? ['/bin/sh', '-c']), rest]);
}

function jsonList(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(rest);
    return Array.isArray(list) && list.every((s) => typeof s === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

const environment = (config: ImageConfig): Record<string, string> =>
  Object.fromEntries((config.Env ?? []).map((e) => [e.slice(0, e.indexOf('=')), e.slice(e.indexOf('=') + 1)]));

/** `k=v k2="v 2"`, or the old form `k the rest`. */
function pairs(config: ImageConfig, instruction: string, rest: string): [string, string][] {
  const env = environment(config);
  const [first] = words(rest);
  if (first === undefined) throw invalid(`${instruction} requires at least one argument`);
  if (!first.includes('=')) {
    const split = /^(\S+)\s+([\s\S]+)$/.exec(rest);
    if (!split) throw invalid(`${instruction} must have two arguments`);
    return [[expand(split[1] as string, env), expand(split[2] as string, env)]];
  }
  return words(rest).map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw invalid(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    if (equals === 0) throw invalid(`${instruction} names can not be blank`);
    return [expand(word.slice(0, equals), env), expand(word.slice(equals + 1), env)];
  });
}

/** Exactly one argument, variables expanded. */
function single(config: ImageConfig, instruction: string, rest: string): string {
  if (words(rest).length !== 1) throw invalid(`${instruction} requires exactly one argument`);
  return expand(rest, environment(config));
}

function joinPath(base: string, path: string): string {
  const out: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '..') out.pop();
    else if (part !== '' && part !== '.') out.push(part);
  }
  return `/${out.join('/')}`;
}

function exposedPorts(word: string): string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (!match || from < 1 || to > 65535 || to < from) throw invalid(`invalid containerPort: ${word}`);
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${(match[3] ?? 'tcp').toLowerCase()}`);
}

const HEALTH_FLAGS: Readonly<Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval' | 'Retries'>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
  retries: 'Retries',
};

function healthcheck(config: ImageConfig, rest: string): void {
  const health: NonNullable<ImageConfig['Healthcheck']> = {};
  let text = rest;
  for (let flag = /^--([a-z-]+)=(\S+)\s*/.exec(text); flag; flag = /^--([a-z-]+)=(\S+)\s*/.exec(text)) {
    const member = HEALTH_FLAGS[flag[1] as string];
    if (!member) throw invalid(`unknown flag: --${flag[1]}`);
    const value = member === 'Retries' ? Number(flag[2]) : durationNanos(flag[2] as string);
    if (value === undefined || !Number.isInteger(value) || value < 0)
      throw invalid(`invalid value for --${flag[1]}: ${flag[2]}`);
    health[member] = value;
    text = text.slice(flag[0].length);
  }
  const kind = /^(\S+)\s*/.exec(text);
  const type = kind?.[1]?.toUpperCase();
  const args = text.slice(kind?.[0].length ?? 0);
  if (type === 'NONE') {
    if (args !== '') throw invalid('HEALTHCHECK NONE takes no arguments');
    config.Healthcheck = { Test: ['NONE'] };
  } else if (type === 'CMD') {
    if (args === '') throw invalid('Missing command after HEALTHCHECK CMD');
    const list = jsonList(args);
    config.Healthcheck = { ...health, Test: list ? ['CMD', ...list] : ['CMD-SHELL', args] };
  } else throw invalid(`Unknown type ${JSON.stringify(type ?? '')} in HEALTHCHECK (try CMD)`);
}

const INSTRUCTIONS: Readonly<Record<string, Apply>> = {
  CMD: (config, rest) => {
    config.Cmd = command(config, rest);
  },
  ENTRYPOINT: (config, rest) => {
    config.Entrypoint = command(config, rest);
    delete config.Cmd;
  },
  ENV: (config, rest) => {
    for (const [name, value] of pairs(config, 'ENV', rest)) {
      const env = (config.Env ?? []).filter((e) => !e.startsWith(`${name}=`));
      const at = (config.Env ?? []).findIndex((e) => e.startsWith(`${name}=`));
      env.splice(at < 0 ? env.length : at, 0, `${name}=${value}`);
      config.Env = env;
    }
  },
  EXPOSE: (config, rest) => {
    const list = words(rest);
    if (list.length === 0) throw invalid('EXPOSE requires at least one argument');
    const ports = list.flatMap((w) => exposedPorts(expand(w, environment(config))));
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports.map((p) => [p, {}])) };
  },
  HEALTHCHECK: healthcheck,
  LABEL: (config, rest) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs(config, 'LABEL', rest)) };
  },
  ONBUILD: (config, rest) => {
    const trigger = /^\S*/.exec(rest)?.[0].toUpperCase() ?? '';
    if (trigger === '') throw invalid('ONBUILD requires at least one argument');
    if (trigger === 'ONBUILD') throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (trigger === 'MAINTAINER' || trigger === 'FROM') throw invalid(`${trigger} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...(config.OnBuild ?? []), rest];
  },
  STOPSIGNAL: (config, rest) => {
    config.StopSignal = single(config, 'STOPSIGNAL', rest);
  },
  USER: (config, rest) => {
    config.User = single(config, 'USER', rest);
  },
  VOLUME: (config, rest) => {
    const paths = (jsonList(rest) ?? words(rest)).map((w) => expand(w, environment(config)));
    if (paths.length === 0) throw invalid('VOLUME requires at least one argument');
    if (paths.some((p) => p.trim() === '')) throw invalid('VOLUME specified can not be an empty string');
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((p) => [p, {}])) };
  },
  WORKDIR: (config, rest) => {
    if (rest === '') throw invalid('WORKDIR requires exactly one argument');
    config.WorkingDir = joinPath(config.WorkingDir ?? '/', expand(rest, environment(config)));
  },
};

/** @returns a new configuration @throws InvalidParameter `run is not a valid change command` and syntax errors */
export function applyChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  const out = structuredClone(config);
  for (const line of changes.flatMap((change) => change.split('\n')).map((l) => l.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, word, rest] = /^(\S+)\s*([\s\S]*)$/.exec(line) as unknown as [string, string, string];
    const apply = Object.hasOwn(INSTRUCTIONS, word.toUpperCase()) ? INSTRUCTIONS[word.toUpperCase()] : undefined;
    if (!apply) throw invalid(`${word.toLowerCase()} is not a valid change command`);
    apply(out, rest);
  }
  return out;
}
