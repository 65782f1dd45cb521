/** The distribution project's registry on a loopback port with storage of its own, and skopeo to fill it. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FixtureImage, writeImageDirectory } from './image-fixture.ts';

const run = promisify(execFile);

/** The name of a tool that is missing, for a skip that says so. */
export async function missingTool(...names: string[]): Promise<string | undefined> {
  for (const name of names) {
    try {
      await run('/bin/sh', ['-c', `command -v ${name}`]);
    } catch {
      return name;
    }
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export interface LocalRegistry {
  /** `127.0.0.1:port`. */
  host: string;
  /** Pushes an image as `repository:tag`. */
  push(image: FixtureImage, name: string): Promise<void>;
  close(): Promise<void>;
}

/** @param opts.htpasswd contents of a password file; undefined: no authentication */
export async function startRegistry(opts: { htpasswd?: string } = {}): Promise<LocalRegistry> {
  const root = await mkdtemp(join(tmpdir(), 'tsd-registry-'));
  const port = await freePort();
  const config: Record<string, unknown> = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(root, 'data') } },
    http: { addr: `127.0.0.1:${port}` },
  };
  if (opts.htpasswd !== undefined) {
    await writeFile(join(root, 'htpasswd'), opts.htpasswd);
    config['auth'] = { htpasswd: { realm: 'test', path: join(root, 'htpasswd') } };
  }
  // YAML is a superset of JSON.
  await writeFile(join(root, 'config.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(root, 'config.yml')], { stdio: 'ignore' });
  const host = `127.0.0.1:${port}`;
  const close = async () => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(root, { recursive: true, force: true });
  };
  const deadline = Date.now() + 15_000;
  for (;;) {
    const up = await fetch(`http://${host}/v2/`).then(
      (r) => r.status,
      () => 0,
    );
    if (up !== 0) break;
    if (Date.now() > deadline || child.exitCode !== null) {
      await close();
      throw new Error('docker-registry does not come up');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    host,
    close,
    push: async (image, name) => {
      const layout = await mkdtemp(join(root, 'layout-'));
      await writeImageDirectory(layout, image);
      await run('skopeo', [
        '--insecure-policy',
        'copy',
        '--preserve-digests',
        '--dest-tls-verify=false',
        `dir:${layout}`,
        `docker://${host}/${name}`,
      ]);
    },
  };
}

/** A password as the registry's file has it: by the C library, which has bcrypt on Debian; undefined where it has not. */
export function bcrypt(password: string): string | undefined {
  const program = 'print crypt(shift, q($2y$04$abcdefghijklmnopqrstuu)) // ""';
  const { stdout } = spawnSync('perl', ['-e', program, password], { encoding: 'utf8' });
  return stdout?.startsWith('$2y$') ? stdout : undefined;
}
