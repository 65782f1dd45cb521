/** Paths of the kernel's file systems that a container must not read or write. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';

const MASKED: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

const READONLY: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * MaskedPaths and ReadonlyPaths as the API shows them: null = default, [] = none, privileged = none.
 * @param thermal existing /sys/devices/system/cpu/cpuN/thermal_throttle of this host
 */
export function systemPaths(
  hostConfig: Pick<HostConfig, 'MaskedPaths' | 'ReadonlyPaths' | 'Privileged'>,
  opts: { unconfined: boolean; thermal: readonly string[] },
): { masked: string[]; readonly: string[] } {
  const open = hostConfig.Privileged || opts.unconfined;
  return {
    masked: hostConfig.MaskedPaths ?? (open ? [] : [...MASKED, ...opts.thermal]),
    readonly: hostConfig.ReadonlyPaths ?? (open ? [] : [...READONLY]),
  };
}
