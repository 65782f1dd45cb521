/** What a log may say about the container it belongs to: the attributes and the tag that its options choose. */
import { hostname } from 'node:os';
import { executeTemplate } from '@tsdocker/shared/template/execute.ts';
import { FUNCTION_NAMES, TEMPLATE_FUNCTIONS } from '@tsdocker/shared/template/functions.ts';
import { parseTemplate } from '@tsdocker/shared/template/parse.ts';
import { asMap, Struct } from '@tsdocker/shared/template/values.ts';

type Options = Readonly<Record<string, string>>;

export interface LogInfo {
  id: string;
  /** Without the slash. */
  name: string;
  /** With its algorithm. */
  imageId: string;
  imageName: string;
  path: string;
  args: readonly string[];
  created: string;
  /** `NAME=value`, as configured. */
  env: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/**
 * Labels and environment variables that the options `labels`, `labels-regex`, `env` and `env-regex` name; environment wins.
 * @throws Error `error parsing regexp: ...`
 */
export function extraAttributes(options: Options, info: LogInfo): Record<string, string> {
  const env = Object.fromEntries(info.env.filter((entry) => entry.includes('=')).map(splitEntry));
  return {
    ...chosen(info.labels, options['labels'], options['labels-regex']),
    ...chosen(env, options['env'], options['env-regex']),
  };
}

function chosen(all: Options, names = '', pattern = ''): Record<string, string> {
  const listed = new Set(names.split(','));
  const regexp = pattern === '' ? undefined : compile(pattern);
  return Object.fromEntries(Object.entries(all).filter(([name]) => listed.has(name) || regexp?.test(name)));
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    throw new Error(`error parsing regexp: \`${pattern}\``);
  }
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/**
 * The option `tag`, a template over the container.
 * @param fallback the driver's own template
 * @throws Error `template: log-tag:1: ...`
 */
export function logTag(options: Options, info: LogInfo, fallback: string): string {
  const template = parseTemplate(options['tag'] || fallback, FUNCTION_NAMES, 'log-tag');
  return executeTemplate(template, subject(options, info), { functions: TEMPLATE_FUNCTIONS });
}

/** Field names are docker's: they are what people write into their tags. */
function subject(options: Options, info: LogInfo): Struct {
  return new Struct('*logger.Info', {
    Config: asMap({ ...options }),
    ContainerID: info.id,
    ContainerName: `/${info.name}`,
    ContainerEntrypoint: info.path,
    ContainerArgs: [...info.args],
    ContainerImageID: info.imageId,
    ContainerImageName: info.imageName,
    ContainerCreated: info.created,
    ContainerEnv: [...info.env],
    ContainerLabels: asMap({ ...info.labels }),
    DaemonName: 'docker',
    ID: info.id.slice(0, 12),
    FullID: info.id,
    Name: info.name,
    ImageID: info.imageId.slice(0, 12),
    ImageFullID: info.imageId,
    ImageName: info.imageName,
    Hostname: () => hostname(),
    // Docker's takes a function that changes the names; templates can only give it nil.
    ExtraAttributes: (_change: unknown) => asMap(extraAttributes(options, info)),
    Command: [info.path, ...info.args].join(' '),
  });
}
