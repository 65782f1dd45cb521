import type { Cli } from '../cli.ts';
import { containerWait } from '../client/container.ts';

/** What the client says when the daemon cannot tell the container's own status. */
const CLIENT_FAILED = 125;

/**
 * Waits for the container's next exit, or for its removal when the daemon removes it then. Returns once the daemon has taken
 * the wait, so that a start after it cannot be missed.
 * @returns the end of the wait: the container's exit status; 125, told on stderr, when it cannot be known
 */
export async function waitForExit(
  cli: Cli,
  container: string,
  untilRemoved: boolean,
  signal?: AbortSignal,
): Promise<{ status: Promise<number> }> {
  const failed = (err: unknown): number => {
    if (!signal?.aborted) cli.stderr.write(`error waiting for container: ${(err as Error).message}\n`);
    return CLIENT_FAILED;
  };
  const condition = untilRemoved ? 'removed' : 'next-exit';
  try {
    const { exit } = await containerWait(cli.client(), container, condition, signal ? { signal } : {});
    const status = exit.then((result) => (result.Error ? failed(new Error(result.Error.Message)) : result.StatusCode));
    return { status: status.catch(failed) };
  } catch (err) {
    return { status: Promise.resolve(failed(err)) };
  }
}
