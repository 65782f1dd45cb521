/** Environment of the container's process and of execs: PATH, HOSTNAME, TERM with a terminal, then the configuration's. */
import type { ContainerConfig } from '@tsdocker/shared/types/container.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Complete but for HOME, which the runtime finds in the container's passwd file. */
export function containerEnv(config: ContainerConfig, hostname: string, links: readonly string[] = []): string[] {
  const base = [DEFAULT_PATH, `HOSTNAME=${hostname}`];
  if (config.Tty) base.push('TERM=xterm');
  base.push(...links);
  return replaceOrAppend(base, config.Env ?? []);
}

/** An exec has the container's environment, a TERM of its own, then what was asked for it. */
export function execEnv(config: ContainerConfig, hostname: string, exec: { Tty?: boolean; Env?: string[] }): string[] {
  return replaceOrAppend(containerEnv({ ...config, Tty: exec.Tty ?? false }, hostname), exec.Env ?? []);
}

/** Same key replaces in place; a key without `=` removes. */
export function replaceOrAppend(base: readonly string[], overrides: readonly string[]): string[] {
  const variables = new Map(base.map((v) => [keyOf(v), v]));
  for (const variable of overrides) {
    if (variable.includes('=')) variables.set(keyOf(variable), variable);
    else variables.delete(variable);
  }
  return [...variables.values()];
}

function keyOf(variable: string): string {
  return variable.split('=', 1)[0]!;
}
