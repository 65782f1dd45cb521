import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const answers = {
  'POST /networks/net/connect': { status: 200 },
  'POST /networks/net/disconnect': { status: 200 },
  'POST /networks/none/disconnect': { status: 404, body: { message: 'network none not found' } },
};

const NOTHING = { IPAMConfig: {}, Aliases: [], DriverOpts: {}, GwPriority: 0 };
const sent: [line: string, path: string, body: unknown][] = [
  ['connect net web', 'connect', { Container: 'web', EndpointConfig: NOTHING }],
  [
    'connect --ip 10.0.0.9 --ip6 fd00::9 --link-local-ip 169.254.1.1,169.254.1.2 net web',
    'connect',
    {
      Container: 'web',
      EndpointConfig: {
        ...NOTHING,
        IPAMConfig: {
          IPv4Address: '10.0.0.9',
          IPv6Address: 'fd00::9',
          LinkLocalIPs: ['169.254.1.1', '169.254.1.2'],
        },
      },
    },
  ],
  [
    'connect --alias a,b --alias c --link x:y --link z --driver-opt k=v=w --gw-priority 7 net web',
    'connect',
    {
      Container: 'web',
      EndpointConfig: {
        IPAMConfig: {},
        Links: ['x:y', 'z'],
        Aliases: ['a', 'b', 'c'],
        DriverOpts: { k: 'v=w' },
        GwPriority: 7,
      },
    },
  ],
  ['disconnect net web', 'disconnect', { Container: 'web', Force: false }],
  ['disconnect -f net web', 'disconnect', { Container: 'web', Force: true }],
];
for (const [line, operation, body] of sent) {
  test(`network ${line}`, async () => {
    const { client, stdout, stderr, exitCode } = await runCli(`network ${line}`, { answers });
    assert.deepEqual([exitCode, stdout, stderr], [0, '', '']);
    assert.deepEqual(client.lines, [`POST /networks/net/${operation}`]);
    assert.deepEqual(client.requests[0]?.body, body);
  });
}

const refused: [line: string, code: number, words: string][] = [
  ['connect --driver-opt k net web', 1, 'invalid key/value pair format in driver options'],
  ['connect --driver-opt =v net web', 1, 'invalid key/value pair format in driver options'],
  ['connect --link a:b:c net web', 125, 'invalid argument "a:b:c" for "--link" flag: bad format for links: a:b:c'],
  ['connect --ip zz net web', 125, 'invalid argument "zz" for "--ip" flag: failed to parse IP: "zz"'],
  ['connect --link-local-ip 169.254.1.1,zz net web', 125, 'for "--link-local-ip" flag'],
  ['connect net', 1, 'requires 2 arguments'],
  ['disconnect net', 1, 'requires 2 arguments'],
];
for (const [line, code, words] of refused) {
  test(`network ${line} is refused before anything is asked`, async () => {
    const { client, stderr, exitCode } = await runCli(`network ${line}`, { answers });
    assert.equal(exitCode, code);
    assert.ok(stderr.includes(words), stderr);
    assert.deepEqual(client.requests, []);
  });
}

test('an error of the daemon is the error of disconnect', async () => {
  const { stderr, exitCode } = await runCli('network disconnect none web', { answers });
  assert.deepEqual([exitCode, stderr], [1, 'Error response from daemon: network none not found\n']);
});
