import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Cli } from '../../../packages/cli/src/cli.ts';
import { loadConfigFile } from '../../../packages/cli/src/config/config-file.ts';
import { eraseCredentials, storeCredentials } from '../../../packages/cli/src/config/credential-store.ts';
import { credentialsFor } from '../../../packages/cli/src/config/credentials.ts';
import { selectEndpoint } from '../../../packages/cli/src/config/endpoint-selection.ts';
import { NO_GLOBAL_OPTIONS } from '../../../packages/cli/src/global-options.ts';

const folder = await mkdtemp(join(tmpdir(), 'tsd-config-'));
after(() => rm(folder, { recursive: true, force: true }));

async function addContext(name: string, host: string): Promise<void> {
  const meta = join(folder, 'contexts/meta', createHash('sha256').update(name).digest('hex'));
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}
await addContext('far', 'tcp://far:1');
await addContext('near', 'unix:///near.sock');

const rows: [name: string, options: object, env: Record<string, string>, config: object, host: string][] = [
  ['nothing named: our own socket', {}, {}, {}, 'unix:///var/run/tsdocker.sock'],
  ['DOCKER_HOST', {}, { DOCKER_HOST: 'tcp://h:5' }, {}, 'tcp://h:5'],
  ['-H before DOCKER_HOST', { host: 'unix:///x' }, { DOCKER_HOST: 'tcp://h:5' }, {}, 'unix:///x'],
  ['-H without a scheme', { host: ':4000' }, {}, {}, 'tcp://localhost:4000'],
  ['the current context', {}, {}, { currentContext: 'far' }, 'tcp://far:1'],
  ['DOCKER_CONTEXT before it', {}, { DOCKER_CONTEXT: 'near' }, { currentContext: 'far' }, 'unix:///near.sock'],
  [
    'DOCKER_HOST before both',
    {},
    { DOCKER_HOST: 'unix:///y', DOCKER_CONTEXT: 'near' },
    { currentContext: 'far' },
    'unix:///y',
  ],
  ['--context before DOCKER_HOST', { context: 'far' }, { DOCKER_HOST: 'unix:///y' }, {}, 'tcp://far:1'],
  ['the default context', { context: 'default' }, {}, { currentContext: 'far' }, 'unix:///var/run/tsdocker.sock'],
];
for (const [name, options, env, config, host] of rows) {
  test(`daemon: ${name}`, () => {
    const endpoint = selectEndpoint({ ...NO_GLOBAL_OPTIONS, ...options }, env, { directory: folder, ...config });
    assert.equal(endpoint.host, host);
  });
}

test('a context that is not there is an error, also one that climbs out of the folder', () => {
  for (const context of ['nosuch', '../../etc']) {
    assert.throws(() => selectEndpoint({ ...NO_GLOBAL_OPTIONS, context }, {}, { directory: folder }), /context/);
  }
});

test('a broken config.json is told and counts as empty', async () => {
  const broken = await mkdtemp(join(folder, 'broken-'));
  await writeFile(join(broken, 'config.json'), '{"auths":');
  assert.match(loadConfigFile(broken).problem ?? '', /^WARNING: Error parsing config file/);
  assert.deepEqual(loadConfigFile(join(folder, 'nosuch')), { directory: join(folder, 'nosuch') });
});

test('credentials come from the helper of the registry, its words are the error', async () => {
  const helper = join(folder, 'docker-credential-fake');
  await writeFile(
    helper,
    '#!/bin/sh\nread server\ncase $server in\nknown:5000) echo \'{"ServerURL":"known:5000","Username":"u","Secret":"s"}\';;\ntoken:5000) echo \'{"Username":"<token>","Secret":"t"}\';;\nbad) echo broken; exit 1;;\n*) echo credentials not found in native keychain; exit 1;;\nesac\n',
    { mode: 0o755 },
  );
  const env = { PATH: `${folder}:/bin:/usr/bin` };
  const config = { directory: folder, credsStore: 'fake', credHelpers: { 'gone:1': 'nosuch' } };
  assert.deepEqual(await credentialsFor(config, 'known:5000', env), {
    username: 'u',
    password: 's',
    serveraddress: 'known:5000',
  });
  assert.deepEqual(await credentialsFor(config, 'token:5000', env), {
    identitytoken: 't',
    serveraddress: 'token:5000',
  });
  assert.deepEqual(await credentialsFor(config, 'other', env), {});
  await assert.rejects(credentialsFor(config, 'bad', env), /exit status 1, out: `broken`/);
  await assert.rejects(credentialsFor(config, 'gone:1', env), /executable file not found in \$PATH/);
});

test('login and logout edit config.json and keep what they do not know', async () => {
  const home = await mkdtemp(join(folder, 'home-'));
  const path = join(home, 'config.json');
  await writeFile(path, '{"unknown":{"x":1},"auths":{"a":{"auth":"x"}}}');
  const cli = { config: () => loadConfigFile(home), env: {}, stderr: { write: () => {} } } as unknown as Cli;
  await storeCredentials(cli, 'host:5000', { username: 'u', password: 'p' });
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), {
    unknown: { x: 1 },
    auths: { a: { auth: 'x' }, 'host:5000': { auth: 'dTpw' } },
  });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await eraseCredentials(cli, 'host:5000');
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')).auths, { a: { auth: 'x' } });
});
