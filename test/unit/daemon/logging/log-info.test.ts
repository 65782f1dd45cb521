// Field names and escapes are those of docker's json-file logs; test/e2e/compare runs such a container beside dockerd.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logWriterConfig } from '../../../../packages/daemon/src/logging/drivers.ts';
import type { LogInfo } from '../../../../packages/daemon/src/logging/log-info.ts';

const info: LogInfo = {
  id: '0123456789abcdef'.repeat(4),
  name: 'web',
  imageId: `sha256:${'ab'.repeat(32)}`,
  imageName: 'base:test',
  path: 'sh',
  args: ['-c', 'true'],
  created: '2024-01-01T00:00:00Z',
  env: ['E=f', 'EMPTY=', 'OTHER=x=y', 'BARE'],
  labels: { a: 'b', other: '<&>' },
};
const attributes = (Config: Record<string, string>) => logWriterConfig({ Config }, info)?.attributes;

test('labels and environment variables become attributes, by name and by pattern, sorted and escaped', () => {
  assert.equal(attributes({}), undefined);
  assert.equal(attributes({ labels: 'nope' }), undefined);
  assert.equal(attributes({ labels: 'a,nope', env: 'E,BARE' }), '{"E":"f","a":"b"}');
  assert.equal(
    attributes({ 'labels-regex': '^o', 'env-regex': '^(O|EM)' }),
    '{"EMPTY":"","OTHER":"x=y","other":"\\u003c\\u0026\\u003e"}',
  );
});

test('a tag is a template over the container', () => {
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['{{.ID}}/{{.Name}}/{{.ImageName}}', '0123456789ab/web/base:test'],
    ['{{.ImageID}} {{.DaemonName}} {{.Command}}', 'sha256:ababa docker sh -c true'],
    ['{{.FullID}}', info.id],
    ['{{index .ContainerLabels "a"}} {{.ContainerName}}', 'b /web'],
  ];
  for (const [tag, expected] of rows) assert.equal(attributes({ tag }), JSON.stringify({ tag: expected }), tag);
});

test('a tag or pattern that does not parse fails the start, not the create', () => {
  for (const Config of [{ tag: '{{.Nope}}' }, { tag: '{{' }, { 'labels-regex': '(' }] as Record<string, string>[]) {
    assert.ok(logWriterConfig({ Config }));
    assert.throws(() => logWriterConfig({ Config }, info), /^DockerError: failed to initialize logging driver: /);
  }
});
