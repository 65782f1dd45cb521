// `npm run lint` / `npm run format`: biome and the type checker for TypeScript, clang-format for C++.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { filesBelow, root } from './steps.mjs';

const write = process.argv.includes('--write');
const tools = join(root, 'node_modules/.bin');
let failed = false;

function check(name, command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  const ok = result.status === 0;
  failed ||= !ok;
  process.stdout.write(`${ok ? 'ok' : 'FAILED'}: ${name}\n`);
}

check('biome', join(tools, 'biome'), [
  'check',
  ...(write ? ['--write'] : []),
  '--diagnostic-level=warn',
  '--error-on-warnings',
]);
if (!write) check('types', join(tools, 'tsc'), ['--noEmit', '-p', 'tsconfig.json']);
const clangFormat = (process.env.PATH ?? '')
  .split(delimiter)
  .map((p) => join(p, 'clang-format'))
  .find((p) => existsSync(p));
const sources = filesBelow(['native']).filter((file) => /\.(cc|h)$/.test(file));
if (clangFormat) check('clang-format', clangFormat, write ? ['-i', ...sources] : ['--dry-run', '-Werror', ...sources]);
else process.stdout.write('skipped: clang-format (not installed; on Debian: apt-get install clang-format)\n');
process.exit(failed ? 1 : 0);
