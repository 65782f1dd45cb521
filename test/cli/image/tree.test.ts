import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;
const summary = (digit: string, ...RepoTags: string[]) => ({ Id: id(digit), RepoTags, Containers: 0, Size: 0 });
const layer = (CreatedBy: string, Size: number) => ({ Id: '<missing>', Created: 0, CreatedBy, Size, Comment: '' });

/** Newest first, as the API has it. */
const BASE = [layer('CMD ["bash"]', 0), layer('ADD rootfs.tar /', 100e6)];
const IMAGES: Record<string, { layers: string[]; history: object[] }> = {
  a: { layers: ['1'], history: BASE },
  b: { layers: ['1', '2'], history: [layer('COPY app /app', 2e6), layer('ENV A=1', 0), ...BASE] },
  c: { layers: ['1', '2', '3'], history: [layer('RUN mkdir /d', 0), layer('COPY app /app', 2e6), ...BASE] },
  d: { layers: ['1', '4'], history: [layer('RUN a', 0), layer('RUN b', 0), ...BASE] },
  e: { layers: ['5'], history: [layer('COPY hello /', 13)] },
  f: { layers: [], history: [] },
};
const LISTED = [
  summary('e', 'tiny:1'),
  summary('c'),
  summary('b', 'app:2', 'app:1'),
  summary('a', 'base:1'),
  summary('d', 'odd:1'),
  summary('f', 'empty:1'),
];
const answers = {
  'GET /images/json': { body: LISTED },
  ...Object.fromEntries(
    Object.entries(IMAGES).flatMap(([digit, { layers, history }]) => [
      [
        `GET /images/${encodeURIComponent(id(digit))}/json`,
        { body: { RootFS: { Type: 'layers', Layers: layers.map(id) } } },
      ],
      [`GET /images/${encodeURIComponent(id(digit))}/history`, { body: history }],
    ]),
  ),
};

test('image tree shows shared layers once and what stands on them below', async () => {
  const { stdout, exitCode } = await runCli('image tree -a', { answers });
  assert.equal(exitCode, 0);
  assert.equal(
    stdout,
    [
      'LAYER                SIZE      TOTAL     CREATED BY         IMAGES',
      '111111111111         100MB     100MB     ADD rootfs.tar /   base:1',
      '├─ 222222222222      2MB       102MB     COPY app /app      app:1, app:2',
      '│  └─ 333333333333   0B        102MB     RUN mkdir /d       <untagged> cccccccccccc',
      '└─ 444444444444      ?         ?                            odd:1',
      '555555555555         13B       13B       COPY hello /       tiny:1',
      '<none>               0B        0B                           empty:1',
      '',
    ].join('\n'),
  );
});

test('untagged images are hidden, ids whole, and a name narrows the list', async () => {
  const { stdout, client } = await runCli('image tree --no-trunc app', { answers });
  assert.ok(stdout.includes(`├─ ${id('2')}`), stdout);
  assert.ok(!stdout.includes('untagged'), stdout);
  assert.equal(client.lines[0], 'GET /images/json?filters={"reference":{"app":true}}');
});
