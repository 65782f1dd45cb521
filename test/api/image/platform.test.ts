/** Platforms in queries: how they are written, and from which version on they mean something. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiDaemon } from '../../support/api-daemon.ts';
import { fakeImageService } from '../../support/fake-services.ts';

const ARM = encodeURIComponent('{"os":"linux","architecture":"arm","variant":"v7"}');

test('each operation hands its platform on, from the version that has it', async (t) => {
  const seen: unknown[] = [];
  const note = (options: object | undefined): void => {
    const { platform, platforms } = (options ?? {}) as { platform?: string; platforms?: readonly string[] };
    seen.push(platform ?? platforms ?? 'none');
  };
  const images = fakeImageService({
    inspect: async (_ref, options) => {
      note(options);
      return { Id: 'sha256:1', Descriptor: { mediaType: 'm', digest: 'd', size: 1 } };
    },
    history: async (_ref, options) => {
      note(options);
      return [];
    },
    remove: async (_ref, options) => {
      note(options);
      return [];
    },
    save: async (_refs, options, write) => {
      note(options);
      await write(Buffer.from('x'));
    },
    push: async (_ref, options) => note(options),
  });
  const api = await apiDaemon(t, { images });
  const rows: [method: string, path: string, since: string, before: string, expected: unknown, without: unknown][] = [
    ['GET', `/images/a/json?platform=${ARM}`, '1.49', '1.48', 'linux/arm/v7', 'none'],
    ['GET', `/images/a/history?platform=${ARM}`, '1.48', '1.47', 'linux/arm/v7', 'none'],
    [
      'GET',
      `/images/get?names=a&platform=${ARM}&platform=linux/amd64`,
      '1.48',
      '1.47',
      ['linux/arm/v7', 'linux/amd64'],
      [],
    ],
    ['POST', `/images/a/push?tag=1&platform=${ARM}`, '1.46', '1.45', 'linux/arm/v7', 'none'],
    ['DELETE', `/images/a?platforms=${ARM}`, '1.50', '1.49', ['linux/arm/v7'], []],
  ];
  for (const [method, path, since, before, expected, without] of rows) {
    for (const [version, wanted] of [
      [since, expected],
      [before, without],
    ]) {
      seen.length = 0;
      assert.equal((await api.ask(method, `/v${version}${path}`)).status, 200, `${method} ${version} ${path}`);
      assert.deepEqual(seen, [wanted], `${method} ${version} ${path}`);
    }
  }
});

test('what is no platform is refused; manifests and one platform exclude each other', async (t) => {
  const images = fakeImageService({ inspect: async () => ({ Id: 'sha256:1' }) });
  const api = await apiDaemon(t, { images });
  const broken = await api.ask('GET', `/v1.55/images/a/json?platform=${encodeURIComponent('{"os":')}`);
  assert.deepEqual([broken.status, broken.json()], [400, { message: 'failed to parse platform: invalid JSON' }]);
  const both = await api.ask('GET', `/v1.55/images/a/json?manifests=1&platform=${ARM}`);
  assert.equal(both.status, 400);
  assert.match(both.text, /conflicting options: manifests and platform options cannot both be set/);
});

test('the descriptor is for versions that know it', async (t) => {
  const Descriptor = { mediaType: 'm', digest: 'd', size: 1 };
  const images = fakeImageService({ inspect: async () => ({ Id: 'sha256:1', Descriptor }) });
  const api = await apiDaemon(t, { images });
  const found = async (version: string) =>
    ((await api.ask('GET', `/v${version}/images/a/json`)).json() as { Descriptor?: object }).Descriptor;
  assert.deepEqual([await found('1.48'), await found('1.47')], [Descriptor, undefined]);
});
