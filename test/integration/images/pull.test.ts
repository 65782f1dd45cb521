/** Pulling from the distribution project's registry, well and badly behaved. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { descriptor, type FixtureImage, imageOf, sha256 } from '../../support/image-fixture.ts';
import { type ImageBench, imageBench } from '../../support/image-service.ts';
import { bcrypt, type LocalRegistry, missingTool, startRegistry } from '../../support/local-registry.ts';
import { startProxy } from '../../support/registry-proxy.ts';

const missing = process.getuid?.() === 0 ? await missingTool('docker-registry', 'skopeo') : 'root';
const skip = missing ? `needs ${missing}` : false;
let registry: LocalRegistry;
let image: FixtureImage;

before(async () => {
  if (skip) return;
  registry = await startRegistry();
  const big = randomBytes(3 << 20);
  image = await imageOf([
    [{ name: 'bin/' }, { name: 'bin/sh', content: big, mode: 0o755 }],
    [{ name: 'etc/' }, { name: 'etc/hosts', content: 'mine' }],
    [{ name: 'bin/.wh.sh' }],
  ]);
  await registry.push(image, 'team/app:v1');
});
after(() => registry?.close());

async function withBench(
  run: (bench: ImageBench) => Promise<void>,
  opts?: Parameters<typeof imageBench>[0],
): Promise<void> {
  const bench = await imageBench(opts);
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}

/** Nothing half-made is left: no temporary directories, no ingests, no layers or blobs without an image. */
async function assertClean(bench: ImageBench, layers: number): Promise<void> {
  const names = await readdir(join(bench.dataRoot, 'overlay2'));
  assert.deepEqual(
    names.filter((n) => n.startsWith('tmp-')),
    [],
  );
  assert.deepEqual(await readdir(join(bench.dataRoot, 'content/ingest')), []);
  assert.equal(names.filter((n) => /^[a-f0-9]{64}$/.test(n)).length, layers);
}

test('a pull says what Docker says and keeps the bytes as pushed', { skip }, async () => {
  await withBench(async (bench) => {
    const ref = `${registry.host}/team/app:v1`;
    const messages = await bench.pull(ref);
    const ids = image.layers.map((l) => sha256(l).slice(7, 19));
    const of = (id: string) => [...new Set(messages.filter((m) => m.id === id).map((m) => m.status))];
    assert.deepEqual(messages[0], { status: 'Pulling from team/app', id: 'v1' });
    for (const id of ids) {
      const states = of(id).filter((s) => s !== 'Waiting');
      assert.deepEqual(states, [
        'Pulling fs layer',
        'Downloading',
        'Verifying Checksum',
        'Download complete',
        'Extracting',
        'Pull complete',
      ]);
    }
    assert.deepEqual(messages.slice(-2), [
      { status: `Digest: ${image.digest}` },
      { status: `Status: Downloaded newer image for ${ref}` },
    ]);
    for (const bytes of [image.manifest, image.config, ...image.layers]) {
      assert.deepEqual(await readFile(join(bench.dataRoot, 'content/blobs/sha256', sha256(bytes).slice(7))), bytes);
    }
    const again = await bench.pull(ref);
    assert.deepEqual(again.slice(1), [
      { status: `Digest: ${image.digest}` },
      { status: `Status: Image is up to date for ${ref}` },
    ]);
    const info = await bench.service.inspect(ref);
    assert.deepEqual(
      [info.Id, info.RepoTags, info.RepoDigests],
      [image.id, [ref], [`${registry.host}/team/app@${image.digest}`]],
    );
    assert.equal(info.Size, (3 << 20) + 4);
    assert.deepEqual(
      bench.events.map((e) => `${e.action} ${e.id}`),
      [`pull ${ref}`, `pull ${ref}`],
    );
    await assertClean(bench, 3);
  });
});

test('layers another image has are not fetched again', { skip }, async () => {
  await withBench(async (bench) => {
    const child = await imageOf([[{ name: 'bin/' }], [{ name: 'x', content: 'y' }]]);
    const base = await imageOf([[{ name: 'bin/' }]], { created: '2020-01-01T00:00:00Z' });
    await registry.push(base, 'team/base:1');
    await registry.push(child, 'team/child:1');
    await bench.pull(`${registry.host}/team/base:1`);
    const messages = await bench.pull(`${registry.host}/team/child:1`);
    const shared = sha256(child.layers[0] as Buffer).slice(7, 19);
    assert.deepEqual(
      messages.filter((m) => m.id === shared).map((m) => m.status),
      ['Pulling fs layer', 'Already exists'],
    );
    await bench.service.remove(`${registry.host}/team/base:1`, { force: false, noPrune: false });
    await assertClean(bench, 2);
  });
});

test('errors use the words of Docker', { skip }, async () => {
  await withBench(async (bench) => {
    const host = registry.host;
    const rows: [string, string, string][] = [
      [
        `${host}/team/app:none`,
        'NotFound',
        `manifest for ${host}/team/app:none not found: manifest unknown: manifest unknown`,
      ],
      [
        `${host}/no/such`,
        'NotFound',
        `manifest for ${host}/no/such:latest not found: manifest unknown: manifest unknown`,
      ],
      ['127.0.0.1:1/x', 'System', 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
      ['name.invalid/x', 'System', 'Get "https://name.invalid/v2/": dial tcp: lookup name.invalid: no such host'],
      ['Bad', 'InvalidParameter', 'invalid reference format: repository name (library/Bad) must be lowercase'],
    ];
    for (const [ref, code, message] of rows) await assert.rejects(bench.pull(ref), { code, message }, ref);
  });
});

test('content that is not what its digest says is refused and leaves nothing', { skip }, async () => {
  const layer = sha256(image.layers[0] as Buffer);
  const targets: [string, RegExp][] = [
    [layer, new RegExp(`filesystem layer verification failed for digest ${layer}`)],
    [image.id, /filesystem layer verification failed for digest/],
    [`manifests/${image.digest}`, /manifest verification failed for digest/],
  ];
  for (const [target, message] of targets) {
    const proxy = await startProxy(registry.host, (request, answer) => {
      if (request.url?.endsWith(target)) answer.body[answer.body.length >> 1]! ^= 1;
    });
    await withBench(async (bench) => {
      const suffix = target.startsWith('manifests/') ? `@${image.digest}` : ':v1';
      await assert.rejects(bench.pull(`${proxy.host}/team/app${suffix}`), { message });
      await bench.reopen();
      await assertClean(bench, 0);
      assert.deepEqual(await readdir(join(bench.dataRoot, 'content/blobs/sha256')), []);
    });
    await proxy.close();
  }
});

test('a connection that breaks is taken up where it ended', { skip }, async () => {
  const layer = sha256(image.layers[0] as Buffer);
  let cuts = 0;
  const proxy = await startProxy(registry.host, (request, answer, response) => {
    if (!request.url?.endsWith(layer) || cuts >= 2) return;
    cuts++;
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
    response.write(answer.body.subarray(0, 1 << 20), () => response.destroy());
  });
  await withBench(async (bench) => {
    const messages = await bench.pull(`${proxy.host}/team/app:v1`);
    assert.ok(messages.some((m) => m.status === 'Retrying in 1 second'));
    assert.equal((await bench.service.inspect(`${proxy.host}/team/app:v1`)).Id, image.id);
    const ranges = proxy.requests.filter((r) => r.includes(layer)).map((r) => /bytes=(\d+)-/.exec(r)?.[1] ?? '0');
    assert.equal(ranges.length, 3);
    assert.ok(Number(ranges[1]) > 0 && Number(ranges[2]) > Number(ranges[1]), ranges.join());
  });
  await proxy.close();
});

test('a busy registry is asked again, a broken one given up', { skip }, async () => {
  let failures = 0;
  const proxy = await startProxy(registry.host, (request, answer) => {
    if (!request.url?.includes('/manifests/') || failures++ >= 2) return;
    answer.status = failures === 1 ? 429 : 503;
  });
  await withBench(async (bench) => {
    await bench.pull(`${proxy.host}/team/app:v1`);
    failures = -10;
    await assert.rejects(bench.pull(`${proxy.host}/team/app:v1`), {
      message: /received unexpected HTTP status: 503 Service Unavailable/,
    });
  });
  await proxy.close();
});

test('a mirror serves the hub, and a broken mirror leads on to the next', { skip }, async () => {
  const hub = await imageOf([[{ name: 'hub', content: '1' }]]);
  await registry.push(hub, 'library/thing:1');
  const broken = await startProxy(registry.host, (_request, answer) => {
    answer.status = 500;
  });
  await withBench(
    async (bench) => {
      const messages = await bench.pull('thing:1');
      assert.deepEqual(messages[0], { status: 'Pulling from library/thing', id: '1' });
      assert.equal(messages.at(-1)?.status, 'Status: Downloaded newer image for thing:1');
      assert.deepEqual((await bench.service.inspect('thing:1')).RepoTags, ['thing:1']);
    },
    { registryMirrors: [`http://${broken.host}`, `http://${registry.host}`] },
  );
  await broken.close();
});

test('an index gives the image of the platform', { skip }, async () => {
  const arm = await imageOf([[{ name: 'arm', content: '1' }]], { architecture: 'arm64' });
  await registry.push(arm, 'team/multi:arm');
  await registry.push(image, 'team/multi:amd');
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
      manifests: [
        { ...descriptor(type, arm.manifest), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
        { ...descriptor(type, image.manifest), platform: { os: 'linux', architecture: 'amd64' } },
      ],
    }),
  );
  const put = await fetch(`http://${registry.host}/v2/team/multi/manifests/all`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.docker.distribution.manifest.list.v2+json' },
    body: index,
  });
  assert.equal(put.status, 201);
  await withBench(async (bench) => {
    const ref = `${registry.host}/team/multi:all`;
    await bench.pull(ref, { platform: 'linux/arm64' });
    assert.equal((await bench.service.inspect(ref)).Id, arm.id);
    assert.deepEqual((await bench.service.inspect(ref)).RepoDigests, [`${registry.host}/team/multi@${sha256(index)}`]);
    await assert.rejects(bench.service.resolve(ref, { platform: 'linux/amd64' }), {
      code: 'NotFound',
      message: /but its platform \(linux\/arm64\) does not match the specified platform \(linux\/amd64\)/,
    });
    await bench.pull(ref, { platform: 'linux/amd64' });
    assert.equal((await bench.service.inspect(ref)).Id, image.id);
    await assert.rejects(bench.pull(ref, { platform: 'linux/s390x' }), {
      message: 'no matching manifest for linux/s390x in the manifest list entries',
    });
    await bench.pull(`${registry.host}/team/multi`, { allTags: true });
    assert.equal(
      (await bench.service.list({ all: false, filters: { reference: [`${registry.host}/team/multi:a*`] } })).length,
      2,
    );
  });
});

test('two pulls of one image at once fetch each layer once', { skip }, async () => {
  const proxy = await startProxy(registry.host, () => {});
  await withBench(async (bench) => {
    await Promise.all([bench.pull(`${proxy.host}/team/app:v1`), bench.pull(`${proxy.host}/team/app:v1`)]);
    for (const layer of image.layers) assert.equal(proxy.requests.filter((r) => r.includes(sha256(layer))).length, 1);
  });
  await proxy.close();
});

test('a cancelled pull ends at once and leaves nothing', { skip }, async () => {
  const stop = new AbortController();
  const layer = sha256(image.layers[0] as Buffer);
  const proxy = await startProxy(registry.host, (request, answer, response) => {
    if (!request.url?.endsWith(layer)) return;
    response.writeHead(200, { 'content-length': String(answer.body.length) });
    response.write(answer.body.subarray(0, 1 << 20), () => stop.abort());
  });
  await withBench(async (bench) => {
    await assert.rejects(bench.pull(`${proxy.host}/team/app:v1`, { signal: stop.signal }), { name: 'AbortError' });
    await bench.reopen();
    await assertClean(bench, 0);
  });
  await proxy.close();
});

test('basic authentication is sent when asked for', { skip }, async (t) => {
  // Password `secret`, bcrypt with cost 4.
  const hash = bcrypt('secret');
  if (!hash) return t.skip('needs bcrypt in crypt(3)');
  const guarded = await startRegistry({ htpasswd: `user:${hash}\n` });
  try {
    await withBench(async (bench) => {
      const ref = `${guarded.host}/x:1`;
      await assert.rejects(bench.pull(ref), { message: /no basic auth credentials$/ });
      await assert.rejects(bench.pull(ref, { auth: { username: 'user', password: 'wrong' } }), {
        code: 'Unauthorized',
        message: /^unauthorized: authentication required/,
      });
      await assert.rejects(bench.pull(ref, { auth: { username: 'user', password: 'secret' } }), { code: 'NotFound' });
    });
  } finally {
    await guarded.close();
  }
});
