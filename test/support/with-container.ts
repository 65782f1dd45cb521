import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerDaemon, type ContainerScript } from './container-daemon.ts';
import { type InProcessOptions, type Ran, runInProcess } from './in-process-cli.ts';

/** What a command did, and what it asked of the daemon. */
export interface Seen extends Ran {
  requests: string[];
  bodies: Map<string, unknown>;
}

/** Runs one command line against a daemon whose container follows the script. */
export async function withContainer(
  script: ContainerScript,
  argv: readonly string[],
  options: Partial<InProcessOptions> = {},
): Promise<Seen> {
  const dir = mkdtempSync(join(tmpdir(), 'tsdocker-cli-'));
  try {
    await using daemon = new ContainerDaemon(join(dir, 's'), script);
    await daemon.listen();
    const ran = await runInProcess(argv, { cwd: dir, socket: daemon.socket, ...options });
    return { ...ran, requests: daemon.requests, bodies: daemon.bodies };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
