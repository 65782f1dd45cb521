/** What the area files share: where a command line is read, and the half of a create request an area fills. */
import type { ContainerConfig, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { Flags } from '../command.ts';

/** The caller's surroundings that flags refer to: files are relative to `cwd`, bare names come from `env`. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What one area contributes; members it has nothing to say about are absent. */
export interface Area {
  config?: ContainerConfig;
  host?: Partial<HostConfig>;
}

/** The values of a list flag and of its hidden other names. */
export function listOf(flags: Flags, name: string, ...otherNames: string[]): string[] {
  return [name, ...otherNames].flatMap((each) => flags.list(each));
}

/** The object without its empty members: '', 0, false, undefined, [] and {}, which the API reads as absent. */
export function withoutEmpty<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value))) as Partial<T>;
}

function isEmpty(value: unknown): boolean {
  if (!value) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
