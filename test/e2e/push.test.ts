/** Pushing to a real registry on the loopback, and back. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { bcrypt, type LocalRegistry, startRegistry } from '../support/local-registry.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true, programs: ['docker-registry'] });
let engine: Engine;
let registry: LocalRegistry;
let id = '';

before(async () => {
  if (skip) return;
  [engine, registry] = await Promise.all([startTsdockerd(), startRegistry()]);
  await engine.ok(['import', await debianArchive(), 'base:test']);
  await engine.ok(['build', '-q', '-t', 'mine:1', '-'], {
    input: 'FROM base:test\nRUN echo pushed > /f\nCMD ["cat", "/f"]\n',
  });
  id = (await engine.get<{ Id: string }>('/images/mine:1/json')).Id;
});

after(async () => {
  await engine?.dispose();
  await registry?.close();
});

const manifestOf = async (name: string, tag: string): Promise<Response> =>
  fetch(`http://${registry.host}/v2/${name}/manifests/${tag}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });

describe('push', { skip }, () => {
  test('what is there goes up once, and comes back as the same image', { timeout: 120_000 }, async () => {
    const name = `${registry.host}/one`;
    await engine.ok(['tag', 'mine:1', `${name}:1`]);
    const first = await engine.ok(['push', `${name}:1`]);
    assert.match(first, new RegExp(`^The push refers to repository \\[${name}\\]\n`));
    assert.equal(first.match(/: Pushed$/gm)?.length, 2);
    const response = await manifestOf('one', '1');
    const digest = response.headers.get('docker-content-digest') as string;
    const { length } = Buffer.from(await response.arrayBuffer());
    assert.match(first, new RegExp(`\n1: digest: ${digest} size: ${length}$`));
    const again = await engine.ok(['push', `${name}:1`]);
    assert.equal(again.match(/: Layer already exists$/gm)?.length, 2);
    const { RepoDigests } = await engine.get<{ RepoDigests: string[] }>('/images/mine:1/json');
    assert.ok(RepoDigests.includes(`${name}@${digest}`), String(RepoDigests));

    const other = await startTsdockerd();
    try {
      await other.ok(['pull', '-q', `${name}:1`]);
      assert.equal((await other.get<{ Id: string }>(`/images/${name}:1/json`)).Id, id);
      assert.equal(await other.ok(['run', '--rm', '--network', 'none', `${name}:1`]), 'pushed');
    } finally {
      await other.dispose();
    }
  });

  test('layers of another repository there are mounted', { timeout: 60_000 }, async () => {
    await engine.ok(['tag', 'mine:1', `${registry.host}/deep/two:1`]);
    const said = await engine.ok(['push', `${registry.host}/deep/two:1`]);
    assert.equal(said.match(/: Mounted from one$/gm)?.length, 2, said);
    assert.equal((await manifestOf('deep/two', '1')).status, 200);
  });

  test('all tags of a repository', { timeout: 60_000 }, async () => {
    const name = `${registry.host}/three`;
    for (const tag of ['a', 'b', 'latest']) await engine.ok(['tag', 'mine:1', `${name}:${tag}`]);
    assert.equal(await engine.ok(['push', '-q', '-a', name]), name);
    const { tags } = (await (await fetch(`http://${registry.host}/v2/three/tags/list`)).json()) as { tags: string[] };
    assert.deepEqual(tags.sort(), ['a', 'b', 'latest']);
  });

  test('build --push sends what it has built', { timeout: 60_000 }, async () => {
    const name = `${registry.host}/built:1`;
    const input = 'FROM base:test\nENV BUILT=1\n';
    const { code, stderr } = await engine.cli(['build', '--progress', 'plain', '--push', '-t', name, '-'], { input });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\n1: digest: sha256:/);
    assert.equal((await manifestOf('built', '1')).status, 200);
    const untagged = await engine.cli(['build', '--push', '-'], { input });
    assert.equal(untagged.code, 1);
    assert.match(untagged.stderr, /tag is needed when pushing to registry/);
  });

  test('no tag is latest, and it is said', { timeout: 60_000 }, async () => {
    const name = `${registry.host}/four`;
    await engine.ok(['tag', 'mine:1', name]);
    assert.match(await engine.ok(['push', name]), /^Using default tag: latest\n[\s\S]*\nlatest: digest: sha256:/);
  });

  test('what is not there, and where nobody listens', { timeout: 60_000 }, async () => {
    const missing = await engine.cli(['push', `${registry.host}/nope:1`]);
    assert.equal(missing.code, 1);
    assert.match(
      `${missing.stdout}${missing.stderr}`,
      /An image does not exist locally with the tag: 127\.0\.0\.1:\d+\/nope\n/,
    );
    await engine.ok(['tag', 'mine:1', '127.0.0.1:9/x:1']);
    const unreachable = await engine.cli(['push', '127.0.0.1:9/x:1']);
    assert.equal(unreachable.code, 1);
    assert.match(unreachable.stderr, /dial tcp 127\.0\.0\.1:9: connect: connection refused/);
  });

  const hash = bcrypt('secret');
  const skipPassword = hash ? false : 'perl without bcrypt';
  test('a registry that asks for a password', { skip: skipPassword, timeout: 60_000 }, async () => {
    const closed = await startRegistry({ htpasswd: `someone:${hash}\n` });
    const config = join(tmpdir(), `tsd-push-${process.pid}`);
    try {
      const name = `${closed.host}/private:1`;
      await engine.ok(['tag', 'mine:1', name]);
      const refused = await engine.cli(['push', name]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /no basic auth credentials/);
      const auth = Buffer.from('someone:secret').toString('base64');
      mkdirSync(config);
      writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
      const pushed = await engine.cli(['push', name], { env: { DOCKER_CONFIG: config } });
      assert.match(pushed.stdout, /: digest: sha256:/, pushed.stderr);
    } finally {
      await closed.close();
      rmSync(config, { recursive: true, force: true });
    }
  });
});
