/** ContainerUpdate: limits and restart policy of a container, running or not. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError, conflict, wrap } from './errors.ts';
import { publish } from './events.ts';
import { checkLimits } from './limits.ts';
import { checkRestartPolicy } from './restart-policy.ts';

/** What an update may change; 0, '', an empty list and unset leave the field as it is. */
const LIMITS = [
  'BlkioDeviceReadBps',
  'BlkioDeviceReadIOps',
  'BlkioDeviceWriteBps',
  'BlkioDeviceWriteIOps',
  'BlkioWeight',
  'BlkioWeightDevice',
  'CpuShares',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'CpusetMems',
  'Memory',
  'MemoryReservation',
  'MemorySwap',
  'NanoCpus',
] as const satisfies (keyof HostConfig)[];

/** @returns warnings @throws InvalidParameter, Conflict; nothing has changed then */
export async function updateContainer(
  deps: Pick<Domain, 'runtime' | 'store' | 'events'>,
  c: Container,
  given: HostConfig,
): Promise<{ Warnings: string[] }> {
  checkRestartPolicy(given.RestartPolicy);
  const asked: HostConfig = { ...given };
  const warnings = checkLimits(asked, deps.runtime.capabilities, { update: true });
  await c.lock.run(async () => {
    const fail = (message: string) => conflict(`Cannot update container ${c.id}: ${message}`);
    if (c.removed || c.status === 'removing' || c.status === 'dead') {
      throw fail('Container is marked for removal and cannot be "update".');
    }
    const before = c.hostConfig;
    const after = merge(before, asked);
    if (before.AutoRemove && given.RestartPolicy?.Name && given.RestartPolicy.Name !== 'no') {
      throw fail('Restart policy cannot be updated because AutoRemove is enabled for the container');
    }
    checkTogether(before, asked, fail);
    c.hostConfig = after;
    try {
      await c.run?.update(after).catch((err) => {
        // It has just ended; the next start has the new limits.
        if (asDockerError(err).code !== 'Conflict') throw err;
      });
      await deps.store.saveHostConfig(c);
    } catch (err) {
      c.hostConfig = before;
      throw wrap(`Cannot update container ${c.id}`, err);
    }
    publish(deps.events, c, 'update');
  });
  return { Warnings: warnings };
}

function merge(before: HostConfig, asked: HostConfig): HostConfig {
  const after: HostConfig = { ...before };
  for (const key of LIMITS) {
    const value = asked[key];
    if (Array.isArray(value) ? value.length > 0 : value) Object.assign(after, { [key]: value });
  }
  // A pointer in the API: 0 and below are a value of their own, which lifts the limit.
  if (typeof asked.PidsLimit === 'number') after.PidsLimit = Math.max(asked.PidsLimit, 0);
  if (asked.RestartPolicy?.Name) after.RestartPolicy = asked.RestartPolicy;
  return after;
}

function checkTogether(before: HostConfig, asked: HostConfig, fail: (m: string) => Error): void {
  if (asked.CpuPeriod && before.NanoCpus) {
    throw fail('Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set');
  }
  if (asked.CpuQuota && before.NanoCpus) {
    throw fail('Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set');
  }
  if (asked.NanoCpus && before.CpuPeriod) {
    throw fail('Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set');
  }
  if (asked.NanoCpus && before.CpuQuota) {
    throw fail('Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set');
  }
  if (asked.Memory && !asked.MemorySwap && asked.Memory > (before.MemorySwap ?? 0)) {
    throw fail(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  }
}
