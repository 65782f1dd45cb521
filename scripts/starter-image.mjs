// A base image for a machine that reaches no registry: a Debian minbase system from the distribution's own packages where
// the host is a Debian, else a small system of the host's own shell and tools with the libraries they need.
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { unpackDebianPackages } from './peers.mjs';
import { cache, run, step } from './steps.mjs';

const directory = join(cache, 'starter');

function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => {
        const [key, ...value] = line.split('=');
        return [key, value.join('=').replace(/^"|"$/g, '')];
      }),
  );
}

/** The first package source that the host itself uses. */
function debianMirror() {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue;
    const match = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(https?:\S+)/m.exec(readFileSync(file, 'utf8'));
    if (match) return match[1];
  }
  return undefined;
}

async function packRoot(root, archive) {
  const temporary = `${archive}.new`;
  await run('tar', ['-C', root, '--numeric-owner', '-cf', temporary, '.']);
  await rename(temporary, archive);
}

async function debianMinbase(release, archive) {
  const peers = join(cache, 'peers/root');
  if (!existsSync(join(peers, 'usr/sbin/debootstrap'))) await unpackDebianPackages(['debootstrap'], peers);
  const root = join(directory, 'debian');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const mirror = debianMirror();
  await run(
    'sh',
    [
      join(peers, 'usr/sbin/debootstrap'),
      '--variant=minbase',
      release.VERSION_CODENAME,
      root,
      ...(mirror ? [mirror] : []),
    ],
    {
      env: { DEBOOTSTRAP_DIR: join(peers, 'usr/share/debootstrap'), PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    },
  );
  for (const path of ['var/cache/apt/archives', 'var/lib/apt/lists'])
    rmSync(join(root, path), { recursive: true, force: true });
  mkdirSync(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
  mkdirSync(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
  await packRoot(root, archive);
  rmSync(root, { recursive: true, force: true });
}

const HOST_PROGRAMS = [
  'bash',
  'sh',
  'ls',
  'cat',
  'echo',
  'env',
  'id',
  'ps',
  'stty',
  'sleep',
  'grep',
  'sed',
  'head',
  'tail',
  'wc',
  'mkdir',
  'rm',
  'cp',
  'mv',
  'touch',
  'ln',
  'date',
  'hostname',
  'uname',
  'mount',
  'free',
  'ip',
  'true',
  'false',
  'find',
  'sort',
  'tty',
  'dd',
  'df',
  'du',
  'chmod',
  'chown',
];

async function hostTools(archive) {
  const root = join(directory, 'host');
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['usr/bin', 'etc', 'root', 'proc', 'sys', 'dev', 'tmp', 'var'])
    mkdirSync(join(root, folder), { recursive: true });
  symlinkSync('usr/bin', join(root, 'bin'));
  const copy = (path) => {
    const target = join(root, path.startsWith('/bin/') ? `/usr${path}` : path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(realpathSync(path), target, { dereference: true });
  };
  for (const program of HOST_PROGRAMS) {
    const path = (process.env.PATH ?? '')
      .split(delimiter)
      .map((folder) => join(folder, program))
      .find((candidate) => existsSync(candidate));
    if (!path) continue;
    cpSync(realpathSync(path), join(root, 'usr/bin', program), { dereference: true });
    const libraries = await run('ldd', [path]).catch(() => '');
    for (const [, library] of libraries.matchAll(/(\/\S+) \(0x/g)) if (!existsSync(join(root, library))) copy(library);
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n');
  await packRoot(root, archive);
  rmSync(root, { recursive: true, force: true });
}

/**
 * Makes (once) the archive of a base system.
 * @returns {Promise<{ archive: string, description: string }>}
 */
export async function starterArchive() {
  mkdirSync(directory, { recursive: true });
  const release = osRelease();
  const debian = join(directory, 'debian.tar');
  const host = join(directory, 'host.tar');
  const debianText = `a Debian ${release.VERSION_ID ?? ''} minbase system made from the distribution's packages`;
  if (existsSync(debian)) return { archive: debian, description: debianText };
  if (release.ID === 'debian' && release.VERSION_CODENAME) {
    try {
      await step("a Debian base system from the distribution's packages (about a minute, once)", false, () =>
        debianMinbase(release, debian),
      );
      return { archive: debian, description: debianText };
    } catch (error) {
      process.stderr.write(`  that failed: ${error.message.split('\n')[0]}\n`);
    }
  }
  if (!existsSync(host)) await step("a base system of this host's own shell and tools", false, () => hostTools(host));
  return { archive: host, description: "a small system of this host's own shell and tools" };
}
