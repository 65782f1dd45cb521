/** What the kernel's cgroups offer here: read once at daemon start. */
import { type CgroupLayout, hierarchyOf } from './layout.ts';

/** The cgroup half of RuntimeCapabilities: what limits may be asked for. */
export interface CgroupFeatures {
  cgroupVersion: 1 | 2;
  memoryLimit: boolean;
  swapLimit: boolean;
  memoryReservation: boolean;
  memorySwappiness: boolean;
  oomKillDisable: boolean;
  kernelMemoryTcp: boolean;
  cpuShares: boolean;
  cpuCfs: boolean;
  cpuRealtime: boolean;
  cpuset: boolean;
  pidsLimit: boolean;
  blkioWeight: boolean;
  blkioWeightDevice: boolean;
  readBps: boolean;
  writeBps: boolean;
  readIops: boolean;
  writeIops: boolean;
  /** cpuset lists of the machine: `0-3`, `0`. */
  cpus: string;
  mems: string;
}

/**
 * @param exists whether a file is there; v2 files are looked for in `samples`, since the root has few of them
 * @param samples v2: cgroups below the root that may have the controllers enabled; v1 ignores them
 */
export function detectFeatures(
  layout: CgroupLayout,
  probe: { exists: (path: string) => boolean; read: (path: string) => string; samples: string[] },
): CgroupFeatures {
  return layout.version === 2 ? v2Features(layout, probe) : v1Features(layout, probe);
}

type Probe = Parameters<typeof detectFeatures>[1];

function v1Features(layout: CgroupLayout, probe: Probe): CgroupFeatures {
  const has = (controller: string, file: string) => {
    const hierarchy = hierarchyOf(layout, controller);
    return hierarchy !== undefined && probe.exists(`${hierarchy.mountPoint}/${file}`);
  };
  const cpuset = hierarchyOf(layout, 'cpuset')?.mountPoint;
  return {
    cgroupVersion: 1,
    memoryLimit: has('memory', 'memory.limit_in_bytes'),
    swapLimit: has('memory', 'memory.memsw.limit_in_bytes'),
    memoryReservation: has('memory', 'memory.soft_limit_in_bytes'),
    memorySwappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    kernelMemoryTcp: has('memory', 'memory.kmem.tcp.limit_in_bytes'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuCfs: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_runtime_us'),
    cpuset: cpuset !== undefined,
    // The root group has no pids.max of its own.
    pidsLimit: hierarchyOf(layout, 'pids') !== undefined,
    blkioWeight: has('blkio', 'blkio.weight') || has('blkio', 'blkio.bfq.weight'),
    blkioWeightDevice: has('blkio', 'blkio.weight_device') || has('blkio', 'blkio.bfq.weight_device'),
    readBps: has('blkio', 'blkio.throttle.read_bps_device'),
    writeBps: has('blkio', 'blkio.throttle.write_bps_device'),
    readIops: has('blkio', 'blkio.throttle.read_iops_device'),
    writeIops: has('blkio', 'blkio.throttle.write_iops_device'),
    cpus: cpuset ? probe.read(`${cpuset}/cpuset.cpus`).trim() : '',
    mems: cpuset ? probe.read(`${cpuset}/cpuset.mems`).trim() : '',
  };
}

function v2Features(layout: CgroupLayout, probe: Probe): CgroupFeatures {
  const root = layout.hierarchies[0]!;
  const controller = (name: string) => root.controllers.includes(name);
  const io = controller('io');
  return {
    cgroupVersion: 2,
    memoryLimit: controller('memory'),
    swapLimit: controller('memory') && probe.samples.some((dir) => probe.exists(`${dir}/memory.swap.max`)),
    memoryReservation: controller('memory'),
    memorySwappiness: false,
    oomKillDisable: false,
    kernelMemoryTcp: false,
    cpuShares: controller('cpu'),
    cpuCfs: controller('cpu'),
    cpuRealtime: false,
    cpuset: controller('cpuset'),
    pidsLimit: controller('pids'),
    blkioWeight: io,
    blkioWeightDevice: io,
    readBps: io,
    writeBps: io,
    readIops: io,
    writeIops: io,
    cpus: probe.read(`${root.mountPoint}/cpuset.cpus.effective`).trim(),
    mems: probe.read(`${root.mountPoint}/cpuset.mems.effective`).trim(),
  };
}
