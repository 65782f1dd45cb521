// Other people's programs that the tests compare with: a registry server, debootstrap, docker. What the machine has is
// used; on Debian what is missing is unpacked below .cache/peers from the distribution's packages, and nothing is installed.
// Where neither works the tests that need it are skipped by name.
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cache, run, step } from './steps.mjs';

const peers = join(cache, 'peers');
const tree = join(peers, 'root');

/** Program -> the packages that hold it and the libraries it needs beyond a minimal system. */
const PACKAGES = {
  'docker-registry': ['docker-registry'],
  debootstrap: ['debootstrap'],
  dockerd: ['docker.io', 'containerd', 'runc', 'tini', 'libdevmapper1.02.1', 'libsubid4'],
  iptables: [
    'iptables',
    'libxtables12',
    'libip4tc2',
    'libip6tc2',
    'libnftnl11',
    'libmnl0',
    'libnfnetlink0',
    'libnetfilter-conntrack3',
  ],
  nft: [
    'nftables',
    'libnftables1',
    'libnftnl11',
    'libmnl0',
    'libjansson4',
    'libedit2',
    'libbsd0',
    'libmd0',
    'libgmp10',
    'libxtables12',
  ],
  umoci: ['umoci'],
  skopeo: ['skopeo', 'libgpgme11', 'libassuan0', 'libdevmapper1.02.1', 'golang-github-containers-common'],
};

const FOLDERS = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin'];

function onPath(program, path) {
  return path.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** apt with its lists and its cache below ours, so that the host's are not changed. */
function aptOptions() {
  const lists = join(peers, 'apt/lists');
  const archives = join(peers, 'apt/cache');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(archives, 'archives/partial'), { recursive: true });
  return ['-qq', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${archives}`, '-o', 'APT::Sandbox::User=root'];
}

/** Downloads and unpacks Debian packages into a directory. @returns the directory */
export async function unpackDebianPackages(packages, directory) {
  const options = aptOptions();
  const downloads = join(peers, 'downloads');
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  mkdirSync(directory, { recursive: true });
  if (!existsSync(join(peers, 'apt/cache/pkgcache.bin'))) await run('apt-get', [...options, 'update']);
  await run('apt-get', [...options, 'download', ...packages], { cwd: downloads });
  for (const file of readdirSync(downloads)) {
    if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(downloads, file), directory]);
  }
  rmSync(downloads, { recursive: true, force: true });
  return directory;
}

/**
 * Makes the programs available.
 * @returns {Promise<{ env: Record<string, string>, missing: Record<string, string> }>} env to run them with; missing: program -> reason
 */
export async function preparePeers(programs, { quiet = false } = {}) {
  const path = process.env.PATH ?? '';
  const ours = FOLDERS.map((folder) => join(tree, folder)).join(delimiter);
  const absent = programs.filter((program) => !onPath(program, `${path}${delimiter}${ours}`));
  const missing = {};
  if (absent.length > 0) {
    const packages = [...new Set(absent.flatMap((program) => PACKAGES[program] ?? []))];
    try {
      if (!onPath('apt-get', path)) throw new Error('not found, and this is no Debian that could provide it');
      await step(`for the tests: ${absent.join(', ')} (unpacked below .cache)`, quiet, () =>
        unpackDebianPackages(packages, tree),
      );
    } catch (error) {
      for (const program of absent) missing[program] = error.message.split('\n')[0];
    }
  }
  const env = { PATH: `${path}${delimiter}${ours}` };
  if (existsSync(tree)) {
    const libraries = join(tree, 'usr/lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
    if (existsSync(libraries)) env.LD_LIBRARY_PATH = libraries;
    if (existsSync(join(libraries, 'xtables'))) env.XTABLES_LIBDIR = join(libraries, 'xtables');
    // What the distribution's alternatives system would link.
    for (const name of ['iptables', 'ip6tables']) {
      const link = join(tree, 'usr/sbin', name);
      if (existsSync(`${link}-nft`) && !existsSync(link)) symlinkSync(`${name}-nft`, link);
    }
  }
  return { env, missing };
}
