/** What a stage has become after so many instructions: data, copied on change. */
import type { Digest } from '@tsdocker/shared/digest.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import type { HistoryEntry } from '../images/config.ts';

export interface StageState {
  config: ImageConfig;
  author?: string;
  history: HistoryEntry[];
  /** Layers, base first. */
  chainIds: Digest[];
  /** Stands for everything the file system was made from; the key of the next step starts from it. */
  key: string;
  /** ARGs declared so far that no ENV has replaced; undefined: declared without a value. They win over ENV. */
  args: ReadonlyMap<string, string | undefined>;
  /** CMD was given in this stage, so that ENTRYPOINT leaves it. */
  hasCmd: boolean;
  platform: string;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** The beginning of a stage FROM scratch. */
export function scratch(platform: string): StageState {
  return {
    config: { Env: [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' },
    history: [],
    chainIds: [],
    key: 'scratch',
    args: new Map(),
    hasCmd: false,
    platform,
  };
}

/** RUN finds programs also where the base image says nothing of it. */
export function withPath(config: ImageConfig): ImageConfig {
  const Env = config.Env ?? [];
  return Env.some((entry) => entry.startsWith('PATH=')) ? config : { ...config, Env: [`PATH=${DEFAULT_PATH}`, ...Env] };
}

/** `[name, value]` of the configuration's variables, in order. */
export function envOf(config: ImageConfig): [string, string][] {
  return (config.Env ?? []).map((e) => {
    const equals = e.indexOf('=');
    return equals < 0 ? [e, ''] : [e.slice(0, equals), e.slice(equals + 1)];
  });
}

/** What expansion sees: ENV, and the ARGs of this stage. */
export function variables(state: StageState): Map<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of envOf(state.config)) out.set(name, value);
  for (const [name, value] of state.args) if (value !== undefined) out.set(name, value);
  return out;
}

export function shellOf(state: StageState): string[] {
  return state.config.Shell?.length ? state.config.Shell : DEFAULT_SHELL;
}

/** Keeps the place of a name that is there already. */
export function withEnv(env: readonly string[], name: string, value: string): string[] {
  const at = env.findIndex((e) => e === name || e.startsWith(`${name}=`));
  const entry = `${name}=${value}`;
  return at < 0 ? [...env, entry] : env.map((e, i) => (i === at ? entry : e));
}
