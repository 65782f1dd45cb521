// `npm run setup`: everything a clean clone needs, nothing outside the checkout. Each step is skipped when its inputs have
// not changed. Runs on any Node >= 20; the project itself then runs on the Node its lockfile pins.
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cache, root, run, runtimeNode, SetupError, step, whenChanged } from './steps.mjs';

const PNPM_VERSION = '12.20.0';
const pnpm = join(cache, 'pnpm/node_modules/.bin/pnpm');

function checkHost() {
  const major = Number(process.versions.node.split('.')[0]);
  if (process.platform !== 'linux')
    throw new SetupError('tsdocker needs Linux: containers are a feature of its kernel');
  if (major < 20) throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or newer`);
}

async function checkCompilers() {
  const missing = [];
  for (const tool of ['python3', 'make', 'g++']) await run(tool, ['--version']).catch(() => missing.push(tool));
  if (missing.length > 0) {
    throw new SetupError(`missing: ${missing.join(', ')}. On Debian or Ubuntu: apt-get install python3 make g++`);
  }
}

async function installPnpm(quiet) {
  const manifest = join(cache, 'pnpm/node_modules/pnpm/package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === PNPM_VERSION) return;
  await step(`pnpm ${PNPM_VERSION}`, quiet, async () => {
    mkdirSync(join(cache, 'pnpm'), { recursive: true });
    await run('npm', [
      'install',
      '--prefix',
      join(cache, 'pnpm'),
      '--no-save',
      '--no-audit',
      '--no-fund',
      `pnpm@${PNPM_VERSION}`,
    ]);
  });
}

async function installDependencies(quiet) {
  const inputs = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    ...['cli', 'daemon', 'registry', 'shared'].map((p) => `packages/${p}/package.json`),
  ];
  await whenChanged('dependencies', inputs, ['node_modules/.bin/node'], () =>
    step('dependencies and the Node runtime', quiet, () =>
      run(pnpm, ['install', '--frozen-lockfile', '--config.confirm-modules-purge=false']),
    ),
  );
  if (!existsSync(runtimeNode)) {
    mkdirSync(join(root, 'bin'), { recursive: true });
    rmSync(runtimeNode, { force: true });
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
    symlinkSync(realpathSync(join(root, `node_modules/node-linux-${architecture}/bin/node`)), runtimeNode);
  }
}

async function buildNative(quiet) {
  await whenChanged(
    'native',
    ['native', 'binding.gyp', 'pnpm-lock.yaml'],
    ['build/Release/native.node', 'build/Release/tsd-shim', 'bin/tsdocker', 'bin/tsdockerd'],
    async () => {
      await checkCompilers();
      await step('the native core (C++)', quiet, async () => {
        const headers = realpathSync(
          join(root, `node_modules/node-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`),
        );
        await run(
          runtimeNode,
          ['node_modules/node-gyp/bin/node-gyp.js', 'rebuild', '-j', 'max', `--nodedir=${headers}`],
          {
            env: { PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
          },
        );
        for (const name of ['tsdocker', 'tsdockerd']) {
          // Copied beside and renamed: the executable may be running.
          const temporary = join(root, `bin/.${name}.new`);
          await copyFile(join(root, 'build/Release/tsdocker-launcher'), temporary);
          await rename(temporary, join(root, 'bin', name));
        }
      });
    },
  );
}

async function bundle(quiet) {
  await whenChanged(
    'bundles',
    ['packages', 'scripts/bundle.mjs', 'pnpm-lock.yaml'],
    ['dist/tsdocker.cjs', 'dist/tsdockerd.cjs'],
    () => step('the bundles', quiet, () => run(runtimeNode, ['scripts/bundle.mjs'])),
  );
}

/** Brings the checkout up to date. @param {{ quiet?: boolean }} [options] quiet: only errors are printed */
export async function setup({ quiet = false } = {}) {
  checkHost();
  await installPnpm(quiet);
  await installDependencies(quiet);
  await buildNative(quiet);
  await bundle(quiet);
}

if (process.argv[1] === realpathSync(new URL(import.meta.url).pathname)) {
  const quiet = process.argv.includes('--quiet');
  try {
    await setup({ quiet });
    if (!quiet) process.stderr.write(`ready: ${join(root, 'bin/tsdocker')} and ${join(root, 'bin/tsdockerd')}\n`);
  } catch (error) {
    process.stderr.write(`setup: ${error instanceof SetupError ? error.message : error.stack}\n`);
    process.exit(1);
  }
}
