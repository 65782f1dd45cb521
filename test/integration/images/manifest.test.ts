/** `manifest` against a real registry on the loopback, and command by command beside docker's client. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type FixtureImage, imageOf } from '../../support/image-fixture.ts';
import { type LocalRegistry, startRegistry } from '../../support/local-registry.ts';
import { missing, runProgram } from '../../support/program.ts';

const TSDOCKER = join(import.meta.dirname, '../../../bin/tsdocker');
const skip = missing({ programs: ['docker-registry', 'skopeo'] });

let registry: LocalRegistry;
let folder = '';
let amd64: FixtureImage;
let arm64: FixtureImage;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'tsd-manifest-'));
  registry = await startRegistry();
  amd64 = await imageOf([[{ name: 'a', content: 'one' }], [{ name: 'b', content: 'two' }]]);
  arm64 = await imageOf([[{ name: 'a', content: 'three' }]], { architecture: 'arm64', variant: 'v8' });
  for (const [image, name] of [
    [amd64, 'app:amd64'],
    [arm64, 'app:arm64'],
    [amd64, 'other:amd64'],
  ] as const)
    await registry.push(image, name);
  for (const tag of ['amd64', 'arm64']) {
    const [from, to] = [`docker://${registry.host}/app:${tag}`, `docker://${registry.host}/oci:${tag}`];
    const flags = ['--insecure-policy', 'copy', '-q', '-f', 'oci', '--src-tls-verify=false', '--dest-tls-verify=false'];
    execFileSync('skopeo', [...flags, from, to]);
  }
});

after(async () => {
  await registry?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** One `manifest` command line; HOST stands for the registry's name, going in and coming out. */
async function manifest(program: string, config: string, line: string) {
  const args = ['manifest', ...line.split(' ').map((word) => word.replace('HOST', registry.host))];
  const env = { DOCKER_CONFIG: join(folder, config), DOCKER_HOST: undefined };
  const { code, stdout, stderr } = await runProgram(program, args, { env });
  const readable = (text: string) => text.replaceAll(registry.host, 'HOST').replaceAll('tsdocker', 'docker');
  return { line, code, stdout: readable(stdout), stderr: readable(stderr) };
}

const fetchManifest = (name: string, tag: string, accept: string): Promise<Response> =>
  fetch(`http://${registry.host}/v2/${name}/manifests/${tag}`, { headers: { accept } });

describe('manifest', { skip }, () => {
  test('a list is made, annotated, pushed with images of other repositories, and forgotten', async () => {
    const run = (line: string) => manifest(TSDOCKER, 'ours', line);
    const made = await run('create HOST/new:1 HOST/app:amd64 HOST/app:arm64');
    assert.deepEqual([made.code, made.stdout], [0, 'Created manifest list HOST/new:1\n']);
    const refused = await run('create HOST/new:1 HOST/other:amd64');
    assert.equal(refused.stderr, 'refusing to amend an existing manifest list with no --amend flag\n');
    assert.equal((await run('annotate HOST/new:1 HOST/app:arm64 --variant v9 --os-features a,b')).code, 0);
    const pushed = await run('push --purge HOST/new:1');
    assert.equal(pushed.stdout.match(/^Pushed ref HOST\/new@sha256:/gm)?.length, 2, pushed.stderr);
    const served = await fetchManifest('new', '1', 'application/vnd.docker.distribution.manifest.list.v2+json');
    assert.equal(pushed.stdout.trimEnd().split('\n').at(-1), served.headers.get('docker-content-digest'));
    const { manifests } = (await served.json()) as { manifests: { digest: string; platform: object }[] };
    assert.deepEqual(manifests, [
      { ...manifests[0], digest: amd64.digest, platform: { architecture: 'amd64', os: 'linux' } },
      {
        ...manifests[1],
        digest: arm64.digest,
        platform: { architecture: 'arm64', os: 'linux', 'os.features': ['a', 'b'], variant: 'v9' },
      },
    ]);
    // The blobs came along: what the list names can be read from its own repository.
    for (const layer of amd64.layers) {
      const digest = execFileSync('sha256sum', { input: layer }).toString().slice(0, 64);
      assert.equal((await fetch(`http://${registry.host}/v2/new/blobs/sha256:${digest}`)).status, 200);
    }
    assert.equal((await run('rm HOST/new:1')).stderr, 'No such manifest: HOST/new:1\n');
  });

  test('a registry that is not there, and a name that is none', async () => {
    const absent = await manifest(TSDOCKER, 'ours', 'inspect 127.0.0.1:1/x');
    assert.equal(absent.code, 1);
    assert.match(
      absent.stderr,
      /^failed to configure transport: error pinging v2 registry: Get "https:\/\/127.0.0.1:1/,
    );
    const bad = await manifest(TSDOCKER, 'ours', 'create Bad HOST/app:amd64');
    assert.match(bad.stderr, /^error parsing name for manifest list Bad: invalid reference format/);
  });
});

/** Shared by both: what one program pushed the next finds, so the lines run in turn, docker first. */
const LINES = [
  'inspect --insecure HOST/app:amd64',
  'inspect --insecure -v HOST/app:amd64',
  'inspect --insecure -v HOST/oci:arm64',
  'inspect --insecure HOST/app:nope',
  'inspect --insecure HOST/nope',
  'inspect Bad!',
  'inspect',
  'inspect a b c',
  'create HOST/app:multi',
  'create --insecure HOST/app:multi HOST/app:arm64 HOST/app:amd64',
  'create --insecure HOST/app:multi HOST/app:amd64',
  'create --insecure --amend HOST/app:multi HOST/other:amd64',
  'inspect HOST/app:multi',
  'inspect -v HOST/app:multi',
  'inspect HOST/app:multi HOST/app:amd64',
  'inspect -v HOST/app:multi HOST/app:amd64',
  'inspect HOST/app:multi HOST/app:nope',
  'annotate HOST/app:multi HOST/app:amd64 --variant v2 --os-version 1.0 --os-features a,b --os-features b',
  'annotate HOST/app:multi HOST/app:arm64 --arch nonsense',
  'annotate HOST/app:multi HOST/app:arm64 --os windows',
  'annotate HOST/app:multi HOST/app:nope --arch arm64',
  'annotate HOST/app:none HOST/app:amd64 --arch arm64',
  'annotate HOST/app:multi',
  'annotate Bad HOST/app:amd64',
  'inspect HOST/app:multi',
  'push HOST/app:none',
  'push --insecure HOST/app:multi',
  'push --insecure -p HOST/app:multi',
  'inspect --insecure HOST/app:multi',
  'inspect --insecure -v HOST/app:multi',
  'create --insecure HOST/app:m2 HOST/app:multi',
  'create --insecure HOST/third:m2 HOST/app:amd64 HOST/other:amd64',
  'push --insecure HOST/third:m2',
  'create --insecure HOST/oci:multi HOST/oci:amd64 HOST/oci:arm64',
  'inspect HOST/oci:multi',
  'push -p --insecure HOST/oci:multi',
  'inspect --insecure HOST/oci:multi',
  'create --insecure HOST/mix:1 HOST/app:amd64 HOST/oci:arm64',
  'inspect HOST/mix:1',
  'create --insecure elsewhere HOST/app:amd64',
  'inspect elsewhere',
  'push elsewhere',
  'rm Bad HOST/mix:1 HOST/app:none',
  'rm HOST/mix:1',
  'rm',
];

describe('manifest beside docker', { skip: skip || (await newDocker()) }, () => {
  test('words, formats, exit codes and pushed digests are equal', { timeout: 120_000 }, async () => {
    for (const line of LINES)
      assert.deepEqual(await manifest(TSDOCKER, 'both', line), await manifest('docker', 'docker', line));
  });

  test('both read one store', async () => {
    await manifest('docker', 'one', 'create --insecure HOST/app:one HOST/app:amd64');
    await manifest(TSDOCKER, 'one', 'annotate HOST/app:one HOST/app:amd64 --variant v3');
    const [ours, theirs] = [TSDOCKER, 'docker'].map((program) => manifest(program, 'one', 'inspect -v HOST/app:one'));
    assert.match((await theirs)!.stdout, /"variant": "v3"/);
    assert.deepEqual(await ours, await theirs);
  });
});

async function newDocker(): Promise<string | false> {
  const none = missing({ programs: ['docker'] });
  if (none) return none;
  const { stdout } = await runProgram('docker', ['--version']);
  const major = Number(/version (\d+)/.exec(stdout)?.[1]);
  return major >= 28 ? false : `needs docker 28 or newer, found ${stdout.trim()}`;
}
