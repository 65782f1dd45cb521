/** Facts about this machine that do not change while the daemon runs. */
import { readFile } from 'node:fs/promises';
import os from 'node:os';

export interface HostFacts {
  /** `Debian GNU/Linux 13 (trixie)`. */
  operatingSystem: string;
  /** VERSION_ID of os-release. */
  osVersion: string;
  kernelVersion: string;
  /** uname's word: x86_64, aarch64. */
  machine: string;
  /** Go's word, as platforms have it: amd64, arm64. */
  architecture: string;
  hostname: string;
  cpus: number;
  memoryBytes: number;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

export async function readHostFacts(): Promise<HostFacts> {
  const release = await readOsRelease();
  return {
    operatingSystem: release.get('PRETTY_NAME') ?? 'Linux',
    osVersion: release.get('VERSION_ID') ?? '',
    kernelVersion: os.release(),
    machine: os.machine(),
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    hostname: os.hostname(),
    cpus: os.cpus().length,
    memoryBytes: os.totalmem(),
  };
}

/** @see os-release(5) */
async function readOsRelease(): Promise<Map<string, string>> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseOsRelease(text);
  }
  return new Map();
}

export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
    if (match) values.set(match[1]!, (match[2] ?? match[3] ?? match[4] ?? '').replace(/\\(["$`\\])/g, '$1'));
  }
  return values;
}
