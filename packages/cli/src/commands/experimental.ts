import type { Cli } from '../cli.ts';
import { StatusError } from '../status-error.ts';

/** @param what the command or the quoted flag @throws StatusError when the daemon has no experimental features */
export async function requireExperimental(cli: Cli, what: string): Promise<void> {
  const { experimental } = await cli.client().ping();
  if (!experimental)
    throw new StatusError(1, `${what} is only supported on a Docker daemon with experimental features enabled`);
}
