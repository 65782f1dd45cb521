/** Counts what a daemon and its containers could leave behind on the host. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engines.ts';
import { findProgram, runProgram } from './program.ts';

export interface Census {
  /** Processes whose command line names the daemon's directory, or that are in a cgroup of ours. */
  processes: number;
  mounts: number;
  links: number;
  /** Elements and rules of all nft tables, by lines of their listing. */
  nftLines: number;
  cgroups: number;
  daemonDescriptors: number;
  /** Entries two levels below the daemon's data and exec root. */
  files: number;
}

function cgroupDirectories(root: string, depth = 0): number {
  if (depth > 4 || !existsSync(root)) return 0;
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.reduce((sum, { name }) => sum + 1 + cgroupDirectories(join(root, name), depth + 1), 0);
}

/** The daemon's own group in each hierarchy; in the only one on version 2. */
function cgroupParents(): string[] {
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  return roots.map((root) => join(root, 'tsdocker')).filter((parent) => existsSync(parent));
}

function processCount(directory: string): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        return text.includes(directory) || text.includes('/tsdocker/') || text.startsWith('tsd-shim');
      } catch {
        return false;
      }
    }).length;
}

function entries(folder: string, depth: number): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce(
    (sum, entry) => sum + 1 + (depth > 1 && entry.isDirectory() ? entries(join(folder, entry.name), depth - 1) : 0),
    0,
  );
}

function descriptorCount(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  // Connections of the moment (the census' own request among them) come and go.
  return readdirSync(folder).filter((fd) => {
    try {
      return !readlinkSync(join(folder, fd)).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

export async function takeCensus(engine: Engine): Promise<Census> {
  const nft = findProgram('nft') ? (await runProgram('nft', ['list', 'ruleset'])).stdout : '';
  return {
    processes: processCount(engine.directory),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split(engine.directory).length - 1,
    links: readdirSync('/sys/class/net').filter((name) => /^(tsdocker|veth)/.test(name)).length,
    nftLines: nft.split('\n').length,
    cgroups: cgroupParents().reduce((sum, parent) => sum + cgroupDirectories(parent), 0),
    daemonDescriptors: descriptorCount(engine.pid),
    files: entries(join(engine.directory, 'data'), 2) + entries(join(engine.directory, 'run'), 2),
  };
}
