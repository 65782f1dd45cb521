/**
 * Whatever a registry, an archive or a user sends, the parsers answer with a typed error or with something that keeps its
 * own rules. Thousands of mutations of good input, by seeds; PARSER_SEED=3,4,5 tries more of them, and one that finds something
 * stays in the list.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanName } from '../../../../packages/daemon/src/images/archive.ts';
import { chainIdsOf, parseConfig } from '../../../../packages/daemon/src/images/config.ts';
import { parseManifest, selectManifest } from '../../../../packages/registry/src/manifests.ts';
import {
  DOCKER_LIST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../../../packages/registry/src/media-types.ts';
import { isSha256 } from '../../../../packages/shared/src/digest.ts';
import { isDockerError } from '../../../../packages/shared/src/errors.ts';
import { hostPlatform, parsePlatform, platformString } from '../../../../packages/shared/src/platform.ts';
import { familiarString, parseReference, referenceString } from '../../../../packages/shared/src/reference.ts';
import { mutatedBytes, mutatedJson } from '../../../support/mutations.ts';
import { randomFrom } from '../../../support/seeded-random.ts';

const SEEDS = [1, 20261127, ...(process.env['PARSER_SEED'] ?? '').split(',').filter(Boolean).map(Number)];
const ROUNDS = 1500;

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const MANIFEST = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: { mediaType: OCI_CONFIG, digest: digest('a'), size: 10 },
  layers: ['b', 'c'].map((digit) => ({ mediaType: `${OCI_LAYER}+gzip`, digest: digest(digit), size: 20 })),
  annotations: { a: 'b' },
};
const INDEX = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: ['amd64', 'arm64'].map((architecture, i) => ({
    mediaType: OCI_MANIFEST,
    digest: digest(String(i)),
    size: 30,
    platform: { os: 'linux', architecture, variant: 'v8', 'os.version': '1', 'os.features': ['x'] },
    annotations: { 'org.opencontainers.image.ref.name': '1' },
  })),
};
const CONFIG = {
  architecture: 'amd64',
  os: 'linux',
  created: '2024-05-06T07:08:09.123456789Z',
  author: 'me',
  config: {
    Env: ['A=b'],
    Cmd: ['sh'],
    Labels: { a: 'b' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 5 },
    ArgsEscaped: false,
  },
  rootfs: { type: 'layers', diff_ids: [digest('1'), digest('2')] },
  history: [
    { created: '2024-05-06T07:08:09Z', created_by: 'x' },
    { empty_layer: true, comment: 'y' },
  ],
};

/** What a parser does with an input; the seed and the input are told when it does anything but its job. */
function typed<T>(parse: () => T, seed: number, input: Buffer | string): T | undefined {
  try {
    return parse();
  } catch (err) {
    if (isDockerError(err)) {
      assert.notEqual(err.message, '');
      return undefined;
    }
    throw new Error(`seed ${seed}: ${JSON.stringify(input.toString('latin1')).slice(0, 2000)}`, { cause: err });
  }
}

/** Good documents gone bad: as documents, and as bytes. */
function* hostile(document: unknown, seed: number): Generator<Buffer> {
  const random = randomFrom(seed);
  const good = Buffer.from(JSON.stringify(document));
  for (let i = 0; i < ROUNDS; i++)
    yield i % 3 === 0 ? mutatedBytes(good, random) : Buffer.from(JSON.stringify(mutatedJson(document, random)) ?? '');
}

describe('hostile input', () => {
  for (const seed of SEEDS) {
    test(`manifests and indexes, seed ${seed}`, () => {
      let parsed = 0;
      for (const document of [MANIFEST, INDEX]) {
        for (const bytes of hostile(document, seed)) {
          for (const declared of ['', document.mediaType, DOCKER_LIST]) {
            const manifest = typed(() => parseManifest(bytes, declared), seed, bytes);
            if (!manifest) continue;
            parsed++;
            const parts = manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : manifest.manifests;
            for (const part of parts) {
              assert.ok(isSha256(part.digest));
              assert.ok(Number.isSafeInteger(part.size) && part.size >= 0);
            }
            if (manifest.kind === 'index') typed(() => selectManifest(manifest, hostPlatform()), seed, bytes);
          }
        }
      }
      assert.ok(parsed > 100, `only ${parsed} were still documents: the mutations are too wild`);
    });

    test(`configurations, seed ${seed}`, () => {
      let parsed = 0;
      for (const bytes of hostile(CONFIG, seed)) {
        const config = typed(() => parseConfig(bytes), seed, bytes);
        if (!config) continue;
        parsed++;
        assert.ok(config.diffIds.every(isSha256));
        assert.equal(chainIdsOf(config.diffIds).length, config.diffIds.length);
        assert.ok(config.created === undefined || !Number.isNaN(Date.parse(config.created)));
        for (const list of [config.config.Env, config.config.Cmd])
          assert.ok(list === undefined || (Array.isArray(list) && list.every((word) => typeof word === 'string')));
        assert.ok(platformString(config.platform).includes('/'));
        // As it goes out in inspect and history.
        JSON.stringify(config);
      }
      assert.ok(parsed > 100, `only ${parsed} were still documents`);
    });

    test(`references, platforms and names in archives, seed ${seed}`, () => {
      const random = randomFrom(seed);
      const texts = [
        'ubuntu',
        'docker.io/library/a-b_c.d:1.2',
        'host.example:5000/x/y@',
        `a@${digest('a')}`,
        '[::1]:5/x:y',
      ];
      const platforms = ['linux/arm64/v8', 'amd64', 'windows/amd64'];
      const names = ['a/b', './blobs/sha256/x', '../x', '/etc/passwd', 'a/../../b'];
      for (let i = 0; i < ROUNDS * 3; i++) {
        const pick = (list: string[]): string =>
          mutatedBytes(Buffer.from(list[random(list.length)] as string), random).toString(
            random(2) ? 'utf8' : 'latin1',
          );
        const text = pick(texts);
        const reference = typed(() => parseReference(text), seed, text);
        if (reference) {
          assert.deepEqual(parseReference(referenceString(reference)), reference, `seed ${seed}: ${text}`);
          // As in docker, a repository of the hub that is called like a host has no short name that means it.
          const likeHost = /^(?:[^/]*\.[^/]*|localhost)\//.test(reference.path);
          if (reference.domain !== 'docker.io' || !likeHost)
            assert.deepEqual(parseReference(familiarString(reference)), reference, `seed ${seed}: ${text}`);
        }
        const platform = pick(platforms);
        const found = typed(() => parsePlatform(platform), seed, platform);
        if (found) assert.deepEqual(parsePlatform(platformString(found)), found, `seed ${seed}: ${platform}`);
        const name = pick(names);
        const clean = typed(() => cleanName(name), seed, name);
        assert.ok(clean === undefined || !clean.split('/').some((part) => part === '..' || part === '.'), name);
        assert.ok(!clean?.startsWith('/'), name);
      }
    });
  }

  test('depth and size do no harm', () => {
    const deep = Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    for (const parse of [() => parseManifest(deep, ''), () => parseConfig(deep)])
      assert.throws(parse, (err) => isDockerError(err));
    const wide = JSON.stringify({ ...INDEX, manifests: Array(20_000).fill(INDEX.manifests[0]) });
    assert.throws(() => parseManifest(Buffer.from(wide), ''), { code: 'InvalidParameter' });
    assert.throws(() => parseReference('a/'.repeat(100_000)), { code: 'InvalidParameter' });
    assert.throws(() => parseReference(`${'a-'.repeat(2000)}!`), { code: 'InvalidParameter' });
  });
});
