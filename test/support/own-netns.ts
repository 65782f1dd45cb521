/** Runs a test file in a network namespace of its own, so that it neither sees nor touches the host's network. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MARK = 'TSDOCKER_TEST_OWN_NETNS';

/** Why tests that need root and network namespaces cannot run here; undefined when they can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/usr/bin/unshare')) return 'needs unshare(1)';
  // bindings.ts cannot be asked: it loads the addon.
  const directory =
    process.env['TSDOCKER_NATIVE_DIR'] ?? fileURLToPath(new URL('../../build/Release', import.meta.url));
  if (!existsSync(`${directory}/native.node`)) return 'needs the native addon';
  return undefined;
}

/**
 * Call first in a test file. True: this is the run inside the namespace, define the tests. False: one test was defined
 * that runs the file again inside, or skips by name.
 */
export function inOwnNetns(fileUrl: string): boolean {
  if (process.env[MARK]) return true;
  const file = fileURLToPath(fileUrl);
  const skip = missing();
  test(`in a network namespace of its own: ${file.split('/').at(-1)}`, { skip: skip ?? false }, async (t) => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const args = ['--net', process.execPath, '--test', '--test-reporter=spec', file];
    await new Promise<void>((resolve, reject) => {
      execFile('/usr/bin/unshare', args, { env: { ...env, [MARK]: '1' } }, (err, stdout, stderr) => {
        if (err) reject(new Error(`${stdout}\n${stderr}`));
        else resolve();
        for (const line of stdout.split('\n').filter((text) => /^[✔✖﹣ℹ]/.test(text))) t.diagnostic(line);
      });
    });
  });
  return false;
}
