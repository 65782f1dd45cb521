import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const VOLUMES = [
  { Name: 'v2', Driver: 'local', Scope: 'local', Mountpoint: '/m/v2', Labels: { a: '1' }, Options: null },
  { Name: 'v1', Driver: 'local', Scope: 'local', Mountpoint: '/m/v1', Labels: null, Options: null },
];
const answers = {
  'GET /volumes': { body: { Volumes: VOLUMES, Warnings: null } },
  'POST /volumes/create': { body: VOLUMES[1] },
  'DELETE /volumes/v1': { status: 204 },
  'DELETE /volumes/nosuch': { status: 404, body: { message: 'get nosuch: no such volume' } },
  'POST /volumes/prune': { body: { VolumesDeleted: ['v1'], SpaceReclaimed: 1234 } },
};

const rows: { line: string; requests: string[]; stdout: string; stdin?: string; stderr?: string; code?: number }[] = [
  { line: 'volume ls', requests: ['GET /volumes'], stdout: 'DRIVER    VOLUME NAME\nlocal     v1\nlocal     v2\n' },
  {
    line: 'volume ls -q -f dangling=true',
    requests: ['GET /volumes?filters={"dangling":{"true":true}}'],
    stdout: 'v1\nv2\n',
  },
  { line: 'volume create v1', requests: ['POST /volumes/create'], stdout: 'v1\n' },
  {
    line: 'volume rm v1 nosuch',
    requests: ['DELETE /volumes/v1', 'DELETE /volumes/nosuch'],
    stdout: 'v1\n',
    stderr: 'Error response from daemon: get nosuch: no such volume\n',
    code: 1,
  },
  {
    line: 'volume prune -f',
    requests: ['POST /volumes/prune'],
    stdout: 'Deleted Volumes:\nv1\n\nTotal reclaimed space: 1.234kB\n',
  },
  {
    line: 'volume prune -a',
    stdin: 'y\n',
    requests: ['POST /volumes/prune?filters={"all":{"true":true}}'],
    stdout:
      'WARNING! This will remove all local volumes not used by at least one container.\nAre you sure you want to continue? [y/N] Deleted Volumes:\nv1\n\nTotal reclaimed space: 1.234kB\n',
  },
  {
    line: 'volume prune',
    stdin: 'n\n',
    requests: [],
    stdout:
      'WARNING! This will remove all anonymous local volumes not used by at least one container.\nAre you sure you want to continue? [y/N] ',
  },
  {
    line: 'volume create --type mount v1',
    requests: [],
    stdout: '',
    stderr: '--type is for cluster volumes, which need a swarm; this client makes local volumes\n',
    code: 1,
  },
];
for (const { line, requests, stdout, stdin, stderr = '', code = 0 } of rows) {
  test(`${line}${stdin === undefined ? '' : ` answered ${JSON.stringify(stdin)}`}`, async () => {
    const result = await runCli(line, { answers, ...(stdin === undefined ? {} : { stdin }) });
    assert.deepEqual(
      [result.client.lines, result.stdout, result.stderr, result.exitCode],
      [requests, stdout, stderr, code],
    );
  });
}

test('volume create sends driver, options and labels', async () => {
  const { client } = await runCli('volume create -d local -o type=tmpfs -o o=size=1m,uid=2 --label a --label b=c v1', {
    answers,
  });
  assert.deepEqual(client.requests[0]?.body, {
    Name: 'v1',
    Driver: 'local',
    DriverOpts: { type: 'tmpfs', o: 'size=1m,uid=2' },
    Labels: { a: '', b: 'c' },
  });
});
