/** Commands over several targets: all are tried, errors come together at the end, exit 1 when there was one. */
import type { Cli } from '../cli.ts';
import { errorText } from '../client/errors.ts';
import { StatusError } from '../status-error.ts';

/** As many requests at once as docker makes. */
const AT_ONCE = 50;

/**
 * Runs `action` for every target, several at a time, and prints the name of each that worked, in the order given
 * (unless the action answers 'unnamed').
 * @throws StatusError with one line for each failure
 */
export async function forEachTarget(
  cli: Cli,
  targets: readonly string[],
  action: (target: string) => Promise<unknown>,
): Promise<void> {
  const errors: string[] = [];
  for (let start = 0; start < targets.length; start += AT_ONCE) {
    const batch = targets.slice(start, start + AT_ONCE);
    const results = await Promise.allSettled(batch.map(action));
    results.forEach((result, i) => {
      if (result.status === 'fulfilled') {
        if (result.value !== 'unnamed') cli.stdout.write(`${batch[i]}\n`);
      } else errors.push(errorText(result.reason));
    });
  }
  throwCollected(errors);
}

/** As forEachTarget, one after the other; `action` prints. */
export async function eachInTurn(targets: readonly string[], action: (target: string) => Promise<void>): Promise<void> {
  const errors: string[] = [];
  for (const target of targets) await action(target).catch((err: unknown) => errors.push(errorText(err)));
  throwCollected(errors);
}

function throwCollected(errors: readonly string[]): void {
  if (errors.length > 0) throw new StatusError(1, errors.join('\n'));
}
