/** ContainerWait. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { ContainerWaitResponse } from '@tsdocker/shared/types/container.ts';
import type { Container } from './container.ts';
import type { WaitCondition } from './service.types.ts';

/** Registered before it returns: an exit right after is not missed. Rejects with Cancelled when `signal` fires. */
export function waitContainer(
  c: Container,
  opts: { condition: WaitCondition; signal?: AbortSignal },
): Promise<ContainerWaitResponse> {
  const isMet = opts.condition === 'removed' ? c.removed : opts.condition === 'not-running' && !c.isRunning;
  if (isMet) return Promise.resolve(answer(c, opts.condition));
  // A removal ends every wait: nothing else will ever happen.
  const names = opts.condition === 'removed' ? (['removed'] as const) : (['exit', 'removed'] as const);
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => () => {
      for (const name of names) c.signals.off(name, done);
      opts.signal?.removeEventListener('abort', aborted);
      settle();
    };
    const done = finish(() => resolve(answer(c, opts.condition)));
    const aborted = finish(() => reject(new DockerError('Cancelled', 'wait cancelled')));
    for (const name of names) c.signals.once(name, done);
    opts.signal?.addEventListener('abort', aborted);
    if (opts.signal?.aborted) aborted();
  });
}

/** Who waits for the removal hears what went wrong with that, not why a start before it failed. */
function answer(c: Container, condition: WaitCondition): ContainerWaitResponse {
  const message = c.removalError ?? (condition === 'removed' ? undefined : c.record.state.error);
  return { StatusCode: c.record.state.exitCode, ...(message && { Error: { Message: message } }) };
}
