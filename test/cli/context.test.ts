/** Contexts: each client with a configuration of its own, through the same lines; no daemon takes part. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { tsdocker } from '../support/engines.ts';
import { missing, runProgram } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsd-contexts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** `NAME=value` in front is an environment variable. */
const LINES = [
  'context ls',
  'context show',
  'context create one --docker host=tcp://127.0.0.1:1234',
  'context create one --docker host=tcp://127.0.0.1:1234',
  'context create two --description second --docker host=unix:///run/two.sock',
  'context create in/valid',
  'context create default',
  'context create three --from two',
  'context create four --from nope',
  'context create five',
  'context create six --docker ca=/nope,host=tcp://h:1',
  'context create six --docker foo=bar',
  'context ls',
  'context ls -q',
  'context ls --format {{.Name}},{{.Current}},{{.Description}},{{.Error}}',
  'context ls --format json',
  'context use two',
  'context show',
  '--context one context show',
  'DOCKER_CONTEXT=one context show',
  'DOCKER_HOST=tcp://1.2.3.4:5 context ls',
  'DOCKER_HOST=tcp://1.2.3.4:5 context use one',
  'context use nope',
  'context inspect',
  'context inspect one two --format {{.Name}}={{.Endpoints.docker.Host}}',
  'context inspect nope',
  'context inspect default --format {{.Name}}',
  'context update two --description changed --docker host=unix:///run/two2.sock',
  'context update nope --description x',
  'context inspect two',
  'context export two',
  'context export two',
  'context export nope',
  'context export one out.tar',
  'context import imported out.tar',
  'context import imported out.tar',
  'context import again nofile',
  'context inspect imported --format {{.Name}}={{.Endpoints.docker.Host}}',
  'context rm two',
  'context rm two',
  'context rm one nope',
  'context rm default',
  'context rm -f one',
  'context show',
  'context ls',
  'context frob',
];

async function through(client: string, name: string): Promise<string[]> {
  const cwd = join(folder, name);
  mkdirSync(cwd, { recursive: true });
  const out: string[] = [];
  for (const line of LINES) {
    const words = line.split(' ');
    const variables = words.filter((word) => /^DOCKER_/.test(word)).map((word) => word.split('=') as [string, string]);
    const args = words.filter((word) => !/^DOCKER_/.test(word));
    const { code, stdout, stderr } = await runProgram(client, args, {
      cwd,
      env: {
        DOCKER_CONFIG: join(cwd, 'config'),
        DOCKER_HOST: undefined,
        DOCKER_CONTEXT: undefined,
        ...Object.fromEntries(variables),
      },
    });
    const text = `${stdout}${stderr}`.replaceAll(cwd, 'FOLDER').replaceAll('tsdocker', 'docker');
    // Columns are as wide as the name of each client's socket.
    out.push(`${line} -> ${code}\n${text.replace(/ {2,}/g, '  ').replace(/ +$/gm, '')}`);
  }
  const { auths: _, ...kept } = JSON.parse(readFileSync(join(cwd, 'config/config.json'), 'utf8'));
  return [...out, JSON.stringify(kept)];
}

describe('contexts', { skip: missing({ root: false, programs: ['docker'] }) }, () => {
  test(`${LINES.length} lines say the same as docker's client`, { timeout: 120_000 }, async () => {
    const [theirs, ours] = [await through('docker', 'docker'), await through(tsdocker, 'tsdocker')];
    assert.deepEqual(ours, theirs);
  });

  test('what one client has written the other reads', { timeout: 60_000 }, async () => {
    const env = { DOCKER_CONFIG: join(folder, 'shared'), DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined };
    const { code } = await runProgram(tsdocker, ['context', 'create', 'mine', '--docker', 'host=tcp://10.9.8.7:6'], {
      env,
    });
    assert.equal(code, 0);
    await runProgram(tsdocker, ['context', 'use', 'mine'], { env });
    const format = '{{.Name}} {{.Endpoints.docker.Host}}';
    for (const client of ['docker', tsdocker]) {
      const { stdout } = await runProgram(client, ['context', 'inspect', '--format', format], { env });
      assert.equal(stdout, 'mine tcp://10.9.8.7:6\n');
    }
  });
});

test('an address nobody can reach by is refused at once', async () => {
  const env = { DOCKER_CONFIG: join(folder, 'bad') };
  const { code, stderr } = await runProgram(tsdocker, ['context', 'create', 'bad', '--docker', 'host=nope://x'], {
    env,
  });
  assert.equal(code, 1);
  assert.match(stderr, /invalid bind address format: nope:\/\/x/);
});
