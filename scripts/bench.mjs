// `npm run bench`: set-up, then the comparison in a network namespace of its own, so that docker's bridge and firewall rules
// go with it and nothing else on the host is measured or changed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { preparePeers } from './peers.mjs';
import { setup } from './setup.mjs';
import { root, runtimeNode } from './steps.mjs';

await setup();
const peers = await preparePeers(['docker-registry', 'dockerd', 'iptables']);
for (const [program, reason] of Object.entries(peers.missing)) process.stdout.write(`missing: ${program}: ${reason}\n`);
const result = spawnSync(
  'unshare',
  ['--net', '--mount', '--', runtimeNode, '--no-warnings', join(root, 'bench/main.ts'), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, ...peers.env },
  },
);
process.exit(result.status ?? 1);
