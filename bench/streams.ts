/** Megabytes through attach, stdin and the log: what a client's pipe sees, its bytes counted. */
import { spawn } from 'node:child_process';
import type { Engine } from '../test/support/engines.ts';

export interface StreamSide {
  engine: Engine;
  client: string;
}

const MB = 1_000_000;

/** Lines of 100 bytes, as programs write them; `head` gives exactly so many bytes. */
const lines = (megabytes: number): string =>
  `yes 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012 | head -c ${megabytes * MB}`;

/** Runs a shell line with the client as `$0`. @throws when what it prints is not `expected` */
function shell(side: StreamSide, line: string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DOCKER_HOST: side.engine.host };
    const child = spawn('sh', ['-c', line, side.client], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      if (text.trim() === expected) resolve();
      else reject(new Error(`${side.engine.name}: ${line}: ${JSON.stringify(text)}, expected ${expected}`));
    });
  });
}

/** Attached output of a run: the container writes, a pipe behind the client counts. */
export const attachOut = (side: StreamSide, image: string, megabytes: number): Promise<void> =>
  shell(
    side,
    `"$0" run --rm --network none --log-driver none ${image} sh -c '${lines(megabytes)}' | wc -c`,
    String(megabytes * MB),
  );

/** A pipe into the container's standard input. */
export const stdinIn = (side: StreamSide, image: string, megabytes: number): Promise<void> =>
  shell(
    side,
    `head -c ${megabytes * MB} /dev/zero | "$0" run -i --rm --network none --log-driver none ${image} wc -c`,
    String(megabytes * MB),
  );

/** Nobody is attached; the log keeps everything. The container stays, named, to be read. */
export const logWrite = (side: StreamSide, image: string, name: string, megabytes: number): Promise<void> =>
  shell(
    side,
    `"$0" rm -f ${name} >/dev/null 2>&1; "$0" run -d --name ${name} --network none --log-driver json-file --log-opt max-size=10g ` +
      `${image} sh -c '${lines(megabytes)}' >/dev/null; "$0" wait ${name}`,
    '0',
  );

export const logRead = (side: StreamSide, name: string, megabytes: number): Promise<void> =>
  shell(side, `"$0" logs ${name} | wc -c`, String(megabytes * MB));
