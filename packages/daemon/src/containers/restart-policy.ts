/** When a container that ended is started again, and how long that waits. */
import type { RestartPolicy } from '@tsdocker/shared/types/container.ts';
import { invalid } from './errors.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run this long counts as good: the delay starts over. */
const GOOD_RUN_MS = 10_000;

/** @throws InvalidParameter */
export function checkRestartPolicy(policy: RestartPolicy | undefined): void {
  const count = policy?.MaximumRetryCount ?? 0;
  switch (policy?.Name) {
    case undefined:
    case '':
      return;
    case 'always':
    case 'unless-stopped':
    case 'no':
      if (count === 0) return;
      throw invalid(
        "invalid restart policy: maximum retry count can only be used with 'on-failure'" +
          (count < 0 ? ' and cannot be negative' : ''),
      );
    case 'on-failure':
      if (count < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative');
      return;
    default:
      throw invalid(
        `invalid restart policy: unknown policy '${policy?.Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
      );
  }
}

/** @param restarts how often it was restarted since a user started it */
export function shouldRestart(
  policy: RestartPolicy | undefined,
  ended: { exitCode: number; restarts: number; manuallyStopped: boolean },
): boolean {
  if (ended.manuallyStopped) return false;
  switch (policy?.Name) {
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure': {
      const limit = policy.MaximumRetryCount ?? 0;
      return ended.exitCode !== 0 && (limit === 0 || ended.restarts < limit);
    }
    default:
      return false;
  }
}

/** At the start of the daemon: `always` returns even after a manual stop. */
export function shouldStartAtBoot(
  policy: RestartPolicy | undefined,
  last: { manuallyStopped: boolean; exitCode: number; restarts: number; wasRunning: boolean },
): boolean {
  if (policy?.Name === 'always') return true;
  if (policy?.Name === 'unless-stopped') return !last.manuallyStopped;
  return last.wasRunning && shouldRestart(policy, last);
}

/** @param previous delay before the last restart, 0 = none yet. Milliseconds throughout */
export function nextDelay(previous: number, ranFor: number): number {
  if (previous === 0 || ranFor >= GOOD_RUN_MS) return FIRST_DELAY_MS;
  return Math.min(previous * 2, LONGEST_DELAY_MS);
}
