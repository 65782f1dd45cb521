/** Standard input of containers and execs: nothing lost, no memory that grows, its end passed on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd, tsdocker } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true, programs: [] });
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', await debianArchive(), 'base:test']);
});

after(async () => engine?.dispose());

/** A shell line with the client as `$0`. @returns what it printed */
function shell(line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DOCKER_HOST: engine.host };
    const child = spawn('sh', ['-c', line, tsdocker], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(text.trim()));
  });
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

const BYTES = 300_000_000;

describe('standard input', { skip }, () => {
  test('hundreds of megabytes go in, and the daemon does not grow by them', {
    timeout: 120_000,
  }, async () => {
    const before = residentBytes(engine.pid);
    const through = await shell(
      `head -c ${BYTES} /dev/zero | "$0" run -i --rm --network none --log-driver none base:test wc -c`,
    );
    assert.equal(through, String(BYTES));
    const grown = residentBytes(engine.pid) - before;
    assert.ok(grown < 100e6, `${grown} bytes more`);
  });

  test('input alone is delivered to its end, also to a reader that takes its time', { timeout: 60_000 }, async () => {
    const program = 'sleep 1; wc -c';
    await shell(
      `head -c 5000000 /dev/zero | "$0" run -i -a stdin --name late --network none base:test sh -c '${program}'`,
    );
    await engine.ok(['wait', 'late']);
    assert.equal(await engine.ok(['logs', 'late']), '5000000');
  });

  test('a client that is killed ends the input of what it ran', { timeout: 60_000 }, async () => {
    const args = ['run', '-i', '--name', 'left', '--network', 'none', 'base:test', 'sh', '-c', 'echo up; cat; exit 7'];
    const client = spawn(tsdocker, args, {
      env: { ...process.env, DOCKER_HOST: engine.host },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(client.stdout, 'data');
    client.kill('SIGKILL');
    assert.equal(await engine.ok(['wait', 'left']), '7');
  });
});
