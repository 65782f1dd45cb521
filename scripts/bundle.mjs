// Bundles the CLI and the daemon into one file each: that starts in a fraction of the time of some hundred sources.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './steps.mjs';

const next = join(root, 'dist.new');
await rm(next, { recursive: true, force: true });
await mkdir(next, { recursive: true });

const options = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  outdir: next,
  logLevel: 'warning',
  legalComments: 'none',
  absWorkingDir: root,
  sourcemap: false,
  // Names stay: stacks in a bug report must be readable.
  minifyWhitespace: true,
  minifySyntax: true,
};

// One CommonJS file each: a command's code is wrapped and runs only when it is asked for, so many files would gain nothing
// and cost a millisecond apiece. CommonJS has no import.meta: its one use, the file's own address, is defined here.
const program = {
  ...options,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '__fileUrl' },
  banner: { js: "const __fileUrl = 'file://' + __filename;" },
};

// undici is two thirds of what the CLI would be, and only `manifest` needs it: read with every start it costs 2 ms.
const undiciApart = {
  name: 'undici-apart',
  setup: ({ onResolve }) => onResolve({ filter: /^undici$/ }, () => ({ path: './undici.cjs', external: true })),
};

await Promise.all([
  build({ ...program, entryPoints: { daemon: 'packages/daemon/src/main.ts' } }),
  build({ ...program, entryPoints: { cli: 'packages/cli/src/main.ts' }, plugins: [undiciApart] }),
  build({
    ...program,
    stdin: { contents: "export * from 'undici';", resolveDir: 'packages/registry', sourcefile: 'undici.js' },
  }),
]);
await rename(join(next, 'stdin.cjs'), join(next, 'undici.cjs'));

// The compile cache must be on before the first line of the bundle is compiled, hence the small entries.
for (const [name, entry] of [
  ['tsdocker', 'cli'],
  ['tsdockerd', 'daemon'],
]) {
  await writeFile(
    join(next, `${name}.cjs`),
    `'use strict';\nrequire('node:module').enableCompileCache(require('node:path').join(__dirname, '..', '.cache', 'v8'));\nrequire('./${entry}.cjs');\n`,
  );
}

await rm(join(root, 'dist.old'), { recursive: true, force: true });
await rename(join(root, 'dist'), join(root, 'dist.old')).catch((error) => {
  if (error.code !== 'ENOENT') throw error;
});
await rename(next, join(root, 'dist'));
await rm(join(root, 'dist.old'), { recursive: true, force: true });
