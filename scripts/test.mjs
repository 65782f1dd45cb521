// `npm test`: set-up, then every test of test/ with node's runner, which closes with its own summary.
// `npm test -- test/unit` runs a part; everything after it goes to the runner.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { preparePeers } from './peers.mjs';
import { setup } from './setup.mjs';
import { starterArchive } from './starter-image.mjs';
import { filesBelow, root, runtimeNode, SetupError } from './steps.mjs';

const PEERS = ['docker-registry', 'debootstrap', 'dockerd', 'iptables', 'nft', 'skopeo', 'umoci'];

try {
  await setup();
} catch (error) {
  process.stderr.write(`setup: ${error instanceof SetupError ? error.message : error.stack}\n`);
  process.exit(1);
}

const given = process.argv.slice(2);
const options = given.filter((argument) => argument.startsWith('-'));
const places = given.filter((argument) => !argument.startsWith('-'));
const files = filesBelow(places.length > 0 ? places : ['test']).filter((file) => file.endsWith('.test.ts'));
if (files.length === 0) {
  process.stderr.write(`no tests in ${places.join(' ')}\n`);
  process.exit(1);
}

const needsPeers = files.some((file) => /\/test\/(integration|e2e)\//.test(file));
const peers = needsPeers && process.getuid?.() === 0 ? await preparePeers(PEERS) : { env: {}, missing: {} };
for (const [program, reason] of Object.entries(peers.missing)) process.stdout.write(`missing: ${program}: ${reason}\n`);

// Made before the tests, not by whichever of them comes first: several run at once.
if (needsPeers && process.getuid?.() === 0) await starterArchive();

const environment = { ...process.env, ...peers.env };
// What a user has set for docker must not reach the tests: they make their own daemons.
for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_API_VERSION', 'NODE_TEST_CONTEXT'])
  delete environment[name];
// One file at a time: some count what is left on the host, and would count the others' work.
const result = spawnSync(
  runtimeNode,
  ['--no-warnings', '--test', '--test-concurrency=1', '--test-timeout=600000', ...options, ...files],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...environment, PATH: `${join(root, 'node_modules/.bin')}:${environment.PATH}` },
  },
);
process.exit(result.status ?? 1);
