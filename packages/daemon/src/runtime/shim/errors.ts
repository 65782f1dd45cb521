/** Failures of a plan's operations, as errors with the step's name. */
import { getSystemErrorMessage } from 'node:util';
import type { FailureFrame } from './frames.ts';
import type { PlanStep } from './plan-format.ts';
import { errnoName } from './process-plan.ts';
import type { StepError } from './shim.types.ts';

/**
 * `step` is the operation's name (mount, bind ..., execve), except:
 * `lookup`: args[0] is not in PATH, or the path it names is missing (ENOENT), not executable (EACCES) or a directory (EISDIR);
 * `chdir`: the working directory; `start`: nothing the plan asks for (the call that failed is in the message).
 */
export function stepError(failure: FailureFrame, steps: readonly PlanStep[]): StepError {
  const operation = steps[failure.operation] ?? { step: 'start' };
  const special = failure.call === 'lookup' || failure.call === 'chdir';
  const step = special ? failure.call : operation.step;
  const path = failure.path || operation.path;
  const code = errnoName(failure.errno);
  const what = [step, path].filter(Boolean).join(' ');
  const message = `${what}: ${failure.call}: ${getSystemErrorMessage(-failure.errno)}`;
  const details = { errno: failure.errno, code, step, ...(path ? { path } : {}) };
  return Object.assign(new Error(message), details);
}
