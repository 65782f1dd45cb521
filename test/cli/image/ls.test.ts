import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const image = (id: string, more: object) => ({
  Id: `sha256:${id.repeat(64)}`,
  RepoTags: [],
  RepoDigests: [],
  Created: Math.trunc(Date.now() / 1000) - 7200,
  Size: 116667067,
  SharedSize: -1,
  Containers: 0,
  ...more,
});
const variant = (id: string, architecture: string, content: number, total: number) => ({
  ID: `sha256:${id.repeat(64)}`,
  Kind: 'image',
  Available: true,
  Size: { Content: content, Total: total },
  ImageData: { Platform: { os: 'linux', architecture }, Containers: [] },
});
const IMAGES = [
  image('b', {
    RepoTags: ['web:2', 'web:1'],
    Containers: 2,
    Manifests: [variant('d', 'amd64', 1000, 3000), variant('e', 'arm64', 1000, 1000)],
  }),
  image('a', { RepoTags: ['deb:1'], RepoDigests: [`deb@sha256:${'f'.repeat(64)}`] }),
  image('c', {}),
];
const answers = { 'GET /images/json': { body: IMAGES } };

test('images prints disk use, sorted by name, untagged ones hidden', async () => {
  const { stdout, client } = await runCli('images', { answers });
  assert.equal(
    stdout,
    [
      'IMAGE   ID             DISK USAGE   CONTENT SIZE   EXTRA',
      'deb:1   aaaaaaaaaaaa        117MB             0B',
      'web:1   bbbbbbbbbbbb          4kB            2kB   U',
      'web:2   bbbbbbbbbbbb          4kB            2kB   U',
      '',
    ].join('\n'),
  );
  assert.deepEqual(client.lines, ['GET /images/json?manifests=1']);
});

test('images --tree shows the variants below the names', async () => {
  const { stdout } = await runCli('images --tree -a', { answers });
  assert.deepEqual(stdout.split('\n').slice(3), [
    'web:1',
    'web:2            bbbbbbbbbbbb          4kB            2kB   U',
    '├─ linux/amd64   dddddddddddd          3kB            1kB',
    '└─ linux/arm64   eeeeeeeeeeee          1kB            1kB',
    '',
    '<untagged>       cccccccccccc        117MB             0B',
    '',
  ]);
});

test('images of an old daemon, and with flags of old, is the classic table', async () => {
  const table = [
    'REPOSITORY   TAG       IMAGE ID       CREATED       SIZE',
    'web          2         bbbbbbbbbbbb   2 hours ago   117MB',
    'web          1         bbbbbbbbbbbb   2 hours ago   117MB',
    'deb          1         aaaaaaaaaaaa   2 hours ago   117MB',
    '<none>       <none>    cccccccccccc   2 hours ago   117MB',
    '',
  ].join('\n');
  assert.equal((await runCli('images', { answers, version: '1.41' })).stdout, table);
  assert.equal((await runCli('images --format table', { answers })).stdout, table);
});

const rows: [line: string, stdout: string][] = [
  ['images -q', 'bbbbbbbbbbbb\nbbbbbbbbbbbb\naaaaaaaaaaaa\ncccccccccccc\n'],
  [
    'images --format {{.Repository}}:{{.Tag}}@{{.Digest}}',
    `web:2@<none>\nweb:1@<none>\ndeb:1@sha256:${'f'.repeat(64)}\n<none>:<none>@<none>\n`,
  ],
];
for (const [line, stdout] of rows)
  test(line, async () => assert.equal((await runCli(line, { answers })).stdout, stdout));

test('a name becomes a reference filter', async () => {
  const { client } = await runCli('images -q deb', { answers });
  assert.deepEqual(client.lines, ['GET /images/json?filters={"reference":{"deb":true}}']);
});

test('--tree refuses the flags of the classic table', async () => {
  const { exitCode, stderr } = await runCli('images --tree -q', { answers });
  assert.deepEqual([exitCode, stderr], [1, '--quiet is not yet supported with --tree\n']);
});
