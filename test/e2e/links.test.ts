/** Legacy links: a container on the default bridge finds another one by the name it is given. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', await debianArchive(), 'base:test']);
});

after(() => engine?.dispose());

test('--link gives the address, the ports and the variables of the other container', { skip }, async () => {
  await engine.ok(['run', '-d', '--name', 'db', '-e', 'SECRET=s', '--expose', '5432', 'base:test', 'sleep', '1000']);
  const address = await engine.ok(['inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'db']);
  const run = ['run', '--rm', '--name', 'app', '--link', 'db:my-data', 'base:test'];
  const hosts = await engine.ok([...run, 'grep', 'my-data', '/etc/hosts']);
  assert.match(hosts, new RegExp(`^${address}\tmy-data [0-9a-f]{12} db$`));
  const variables = (await engine.ok([...run, 'env'])).split('\n').filter((line) => line.startsWith('MY_DATA'));
  assert.deepEqual(variables.sort(), [
    'MY_DATA_ENV_SECRET=s',
    'MY_DATA_NAME=/app/my-data',
    `MY_DATA_PORT=tcp://${address}:5432`,
    `MY_DATA_PORT_5432_TCP=tcp://${address}:5432`,
    `MY_DATA_PORT_5432_TCP_ADDR=${address}`,
    'MY_DATA_PORT_5432_TCP_PORT=5432',
    'MY_DATA_PORT_5432_TCP_PROTO=tcp',
  ]);
  await engine.ok(['stop', '-t', '0', 'db']);
  const stopped = await engine.cli(run.concat('true'));
  assert.match(stopped.stderr, /Cannot link to a non running container: \/db AS \/app\/my-data/);
});
