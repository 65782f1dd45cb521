/** A small root file system made of the host's own programs and their libraries: enough to run a shell in a container. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PROGRAMS = [
  'sh',
  'cat',
  'ls',
  'id',
  'sleep',
  'stty',
  'head',
  'tail',
  'true',
  'dd',
  'readlink',
  'kill',
  'mkdir',
  'touch',
  'seq',
  'hostname',
  'grep',
  'tr',
  'wc',
  'chmod',
  'stat',
  'env',
  'tty',
  'nproc',
];

/** Makes /bin, /lib, /etc, /tmp and the empty mount points below `directory`. @throws Error when a program is missing */
export async function makeRootfs(directory: string, extra: string[] = []): Promise<void> {
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'root', 'lib', 'lib64', 'usr'])
    await mkdir(join(directory, name), { recursive: true });
  await symlink('../bin', join(directory, 'usr/bin'));
  await writeFile(join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  const libraries = new Set<string>();
  for (const name of [...PROGRAMS, ...extra]) {
    const { stdout } = await run('which', [name]);
    const source = await realpath(stdout.trim());
    await copyFile(source, join(directory, 'bin', basename(name)));
    for (const library of await librariesOf(source)) libraries.add(library);
  }
  for (const library of libraries) {
    const target = join(directory, library);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(library, target);
  }
}

/** Absolute paths as the loader looks for them; none for a static program. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '').filter(Boolean);
}
