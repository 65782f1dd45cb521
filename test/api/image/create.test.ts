import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageService, PullOptions } from '../../../packages/daemon/src/images/service.types.ts';
import { DockerError } from '../../../packages/shared/src/errors.ts';
import { JsonStreamDecoder } from '../../../packages/shared/src/jsonstream.ts';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeImageService } from '../../support/fake-services.ts';

function pulls(pull: ImageService['pull']) {
  return { images: fakeImageService({ pull }) };
}

test('the reference is put together from name and tag', async (t) => {
  const seen: [string, boolean][] = [];
  const api = await apiDaemon(
    t,
    pulls(async (ref, options) => void seen.push([ref, options.allTags ?? false])),
  );
  for (const query of [
    'ubuntu&tag=24.04',
    'ubuntu',
    'h:5000/a/b',
    'h:5000/a/b:c',
    `a&tag=sha256:${'0'.repeat(64)}`,
    'a:',
  ]) {
    assert.equal((await api.ask('POST', `/images/create?fromImage=${query}`)).status, 200);
  }
  assert.deepEqual(seen, [
    ['ubuntu:24.04', false],
    ['ubuntu', true],
    ['h:5000/a/b', true],
    ['h:5000/a/b:c', false],
    [`a@sha256:${'0'.repeat(64)}`, false],
    ['a', true],
  ]);
});

test('credentials come from the header; unreadable ones are none', async (t) => {
  const seen: PullOptions['auth'][] = [];
  const api = await apiDaemon(
    t,
    pulls(async (_ref, options) => void seen.push(options.auth)),
  );
  const auth = { username: 'me', password: 'a?b>c' };
  for (const header of [Buffer.from(JSON.stringify(auth)).toString('base64url'), '%%%', 'bnVsbA==']) {
    await api.ask('POST', '/images/create?fromImage=a&tag=b', undefined, { 'X-Registry-Auth': header });
  }
  assert.deepEqual(seen, [auth, undefined, undefined]);
});

test('an error before the first message is a status, later it is part of the stream', async (t) => {
  const api = await apiDaemon(
    t,
    pulls(async (ref, { progress }) => {
      if (ref === 'late:1') progress({ status: 'Pulling' });
      throw new DockerError('NotFound', 'manifest unknown');
    }),
  );
  const early = await api.ask('POST', '/images/create?fromImage=early&tag=1');
  assert.deepEqual([early.status, early.json()], [404, { message: 'manifest unknown' }]);
  const late = await api.ask('POST', '/images/create?fromImage=late&tag=1');
  assert.deepEqual([late.status, late.headers['content-type']], [200, 'application/json']);
  assert.deepEqual(new JsonStreamDecoder().push(Buffer.from(late.text)), [
    { status: 'Pulling' },
    { errorDetail: { message: 'manifest unknown' }, error: 'manifest unknown' },
  ]);
});

test('counts replace one another while the client does not read, messages never get lost', async (t) => {
  const total = 200_000;
  const api = await apiDaemon(
    t,
    pulls(async (_ref, { progress }) => {
      for (let current = 1; current <= total; current++) {
        progress({ status: 'Downloading', id: 'a', progressDetail: { current, total } });
        if (current % 1000 === 0) progress({ status: 'note', id: `${current}` });
      }
    }),
  );
  const { text } = await api.ask('POST', '/images/create?fromImage=a&tag=b');
  const messages = new JsonStreamDecoder<{ status: string; progressDetail?: { current: number } }>().push(
    Buffer.from(text),
  );
  assert.equal(messages.filter((message) => message.status === 'note').length, 200);
  const counts = messages.filter((message) => message.status === 'Downloading');
  assert.equal(counts.at(-1)?.progressDetail?.current, total);
  assert.ok(counts.length < total / 10, `${counts.length} counts were sent`);
});

test('an import reads the body', async (t) => {
  const seen: unknown[] = [];
  const images = fakeImageService({
    import: async (archive, { ref, changes, message, progress }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of archive) chunks.push(chunk);
      seen.push([Buffer.concat(chunks).toString(), ref, changes, message]);
      progress({ status: 'sha256:abc' });
      return 'sha256:abc';
    },
  });
  const api = await apiDaemon(t, { images });
  const { text } = await api.ask(
    'POST',
    '/images/create?fromSrc=-&repo=a&tag=b&changes=CMD%20x&message=m',
    'tar bytes',
  );
  assert.deepEqual(seen, [['tar bytes', 'a:b', ['CMD x'], 'm']]);
  assert.deepEqual(JSON.parse(text), { status: 'sha256:abc' });
});
