import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const packages = join(dirname(fileURLToPath(import.meta.url)), '../../packages');

/** Who may import whom inside the daemon: a layer reaches itself and the layers after it. */
const DAEMON_LAYERS: Record<string, number> = {
  api: 0,
  containers: 1,
  images: 1,
  networks: 1,
  volumes: 1,
  system: 1,
  snapshots: 2,
  content: 3,
  runtime: 3,
  logging: 3,
  config: 4,
  events: 4,
  store: 5,
};

interface Import {
  file: string;
  target: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .map((file) => join(folder, file));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)'([^']+)'/g);
  return [...found].map(([, target]) => ({ file, target: target as string }));
}

function allImports(name: string): Import[] {
  return sources(join(packages, name, 'src')).flatMap(importsOf);
}

/** First folder below src that a relative import leads to; the file's own name when it lies in src itself. */
function layerOf(path: string): string {
  return relative(join(packages, 'daemon/src'), path).split(sep)[0] as string;
}

test('shared imports nothing but itself', () => {
  for (const { file, target } of allImports('shared')) assert.match(target, /^\.{1,2}\//, `${file} imports ${target}`);
});

test('the registry client imports itself, shared, its transport and Node', () => {
  for (const { file, target } of allImports('registry'))
    assert.match(target, /^(\.\/|node:|undici$|@tsdocker\/shared\/)/, `${file} imports ${target}`);
});

test('cli and daemon never import each other', () => {
  for (const name of ['cli', 'daemon']) {
    const other = name === 'cli' ? 'daemon' : 'cli';
    for (const { file, target } of allImports(name)) {
      assert.ok(!target.startsWith(`@tsdocker/${other}`), `${file} imports ${target}`);
      const resolved = target.startsWith('.') ? join(dirname(file), target) : packages;
      assert.ok(!resolved.startsWith(join(packages, other)), `${file} imports ${target}`);
    }
  }
});

test('a domain of the daemon imports only its own layer down, and other domains only by their seam', () => {
  for (const { file, target } of allImports('daemon')) {
    if (!target.startsWith('.')) continue;
    const from = layerOf(file);
    const to = layerOf(join(dirname(file), target));
    const fromLayer = DAEMON_LAYERS[from];
    const toLayer = DAEMON_LAYERS[to];
    if (fromLayer === undefined || toLayer === undefined || from === to) continue;
    assert.ok(toLayer >= fromLayer, `${file} reaches up to ${target}`);
    if (toLayer === fromLayer)
      assert.match(target, /\.types\.ts$/, `${file} must use the seam of ${to}, not ${target}`);
  }
});

test('commands of the cli never touch process', () => {
  for (const file of sources(join(packages, 'cli/src/commands'))) {
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    assert.doesNotMatch(code, /\bprocess\.(argv|env|cwd|stdin|stdout|stderr|exit|exitCode|on|once)\b/, file);
  }
});

test('only one file loads the native addon in each package', () => {
  for (const [name, allowed] of [
    ['daemon', 'runtime/native/bindings.ts'],
    ['cli', 'native.ts'],
  ] as const) {
    for (const file of sources(join(packages, name, 'src'))) {
      if (file.endsWith(allowed)) continue;
      assert.doesNotMatch(readFileSync(file, 'utf8'), /'native\.node'/, file);
    }
  }
});
