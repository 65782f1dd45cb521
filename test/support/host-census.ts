/** Counts what a daemon and its containers could leave behind on the host. */
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { instanceOf, tableName } from '../../packages/daemon/src/networks/instance.ts';
import type { Engine } from './engines.ts';
import { findProgram, runProgram } from './program.ts';

export interface Census {
  /** Processes whose command line names the daemon's directory, or that are in its group. */
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

/** A group of this name in each hierarchy; in the only one on version 2. */
function cgroupParents(name: string): string[] {
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((root) => join('/sys/fs/cgroup', root))];
  return roots.map((root) => join(root, name)).filter((parent) => existsSync(parent));
}

function processCount(directory: string, cgroupParent: string): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const cgroups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory) || cgroups.includes(`/${cgroupParent}/`)
        );
      } catch {
        return false;
      }
    }).length;
}

/** Interfaces on the daemon's bridges, which carry its data root as their alias. */
function linkCount(dataRoot: string): number {
  const read = (name: string, file: string) => {
    try {
      return readFileSync(`/sys/class/net/${name}/${file}`, 'utf8').trim();
    } catch {
      return '';
    }
  };
  const names = readdirSync('/sys/class/net');
  const bridges = new Set(names.filter((name) => read(name, 'ifalias') === `tsdocker ${dataRoot}`));
  const masterOf = (name: string) => {
    try {
      return basename(readlinkSync(`/sys/class/net/${name}/master`));
    } catch {
      return '';
    }
  };
  return bridges.size + names.filter((name) => bridges.has(masterOf(name))).length;
}

/** Lines of the daemon's own table, and of others that name it. */
async function nftLineCount(dataRoot: string): Promise<number> {
  if (!findProgram('nft')) return 0;
  const table = tableName(instanceOf(dataRoot));
  const { stdout } = await runProgram('nft', ['list', 'ruleset']);
  const tables = stdout.split(/^(?=table )/m);
  const own = tables.filter((text) => text.split(' {', 1)[0]?.endsWith(` ${table}`));
  const others = tables.filter((text) => !own.includes(text)).flatMap((text) => text.split('\n'));
  return own.join('').split('\n').length + others.filter((line) => line.includes(table)).length;
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

/**
 * Only of this daemon: others may run beside it.
 * @param cgroupParent the daemon's own `--cgroup-parent`
 */
export async function takeCensus(engine: Engine, cgroupParent: string): Promise<Census> {
  const dataRoot = realpathSync(join(engine.directory, 'data'));
  return {
    processes: processCount(engine.directory, cgroupParent),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split(engine.directory).length - 1,
    links: linkCount(dataRoot),
    nftLines: await nftLineCount(dataRoot),
    cgroups: cgroupParents(cgroupParent).reduce((sum, parent) => sum + cgroupDirectories(parent), 0),
    daemonDescriptors: descriptorCount(engine.pid),
    files: entries(join(engine.directory, 'data'), 2) + entries(join(engine.directory, 'run'), 2),
  };
}
