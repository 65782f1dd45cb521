/** diff, export and commit see of a container what docker sees of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd } from '../support/engines.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true, programs: ['dockerd', 'docker'] });
const home = mkdtempSync(join(tmpdir(), 'tsd-changes-'));
let engines: Engine[] = [];

const CHANGES = `echo hi >/new; rm /etc/motd; mkdir -p /opt/a/b; echo x >/opt/a/b/c; chmod 700 /srv; echo y >>/etc/passwd
  rm -r /var/lib/dpkg; mkdir /var/lib/dpkg; echo z >/var/lib/dpkg/z; ln -s /new /opt/link; ln /new /opt/hard
  mknod /opt/null c 1 3; mkfifo /opt/pipe; chown 12:34 /opt/a; touch /opt/.wh.name; mv /usr/bin/yes /usr/bin/no; : >/data/in-volume`;

before(async () => {
  if (skip) return;
  const image = await debianArchive();
  engines = await Promise.all([startTsdockerd(), startDockerd()]);
  await both(async (_, ok) => {
    await ok('import', '-c', 'ENV a=b', '-c', 'LABEL l=1', image, 'base:test');
    await ok(
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      'box',
      '-v',
      '/data',
      'base:test',
      'sh',
      '-c',
      `${CHANGES}; echo ready; sleep 1000`,
    );
    while (!(await ok('logs', 'box')).includes('ready'));
  });
});

after(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
  rmSync(home, { recursive: true, force: true });
});

/** Runs the same on our client and daemon, and on docker's. @returns what each gave */
async function both<T>(work: (engine: Engine, ok: (...args: string[]) => Promise<string>) => Promise<T>): Promise<T[]> {
  return await Promise.all(
    engines.map((engine) =>
      work(engine, (...args) => engine.ok(args, engine.name === 'dockerd' ? { client: 'docker' } : {})),
    ),
  );
}

const sorted = (text: string) => text.split('\n').sort();

describe('a container and its image', { skip }, () => {
  test('diff lists the same changes, a directory before what is in it', async () => {
    const [mine = '', theirs = ''] = await both((_, ok) => ok('diff', 'box'));
    assert.deepEqual(sorted(mine), sorted(theirs));
    const paths = mine.split('\n').map((line) => line.slice(2));
    assert.ok(paths.indexOf('/opt/a') < paths.indexOf('/opt/a/b'));
    assert.ok(!mine.includes('in-volume'), 'volumes are no part of it');
  });

  test('export packs the same tree, running and stopped', async () => {
    const list = (file: string) =>
      execFileSync('tar', ['--numeric-owner', '-tvf', file], { maxBuffer: 1 << 26 })
        .toString()
        .split('\n');
    const exported = (state: string) =>
      both(async (engine, ok) => {
        const file = join(home, `${engine.name}-${state}.tar`);
        await ok('export', '-o', file, 'box');
        // Times of what the engine itself made differ; so do what it lists of /dev's mount points.
        return list(file)
          .map((line) => line.replace(/ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d /, ' '))
          .sort();
      });
    const running = await exported('running');
    assert.deepEqual(running[0], running[1]);
    await both((_, ok) => ok('stop', '-t', '0', 'box'));
    const stopped = await exported('stopped');
    assert.deepEqual(stopped[0], running[0]);
    await both((_, ok) => ok('start', 'box'));
  });

  test('commit makes an image that runs, with the history and configuration docker writes', async () => {
    const images = await both(async (engine, ok) => {
      const id = await ok(
        'commit',
        '-m',
        'why',
        '-a',
        'who',
        '-c',
        'CMD ["cat", "/new"]',
        '-c',
        'ENV c=d',
        '-c',
        'EXPOSE 80/udp',
        'box',
        'made:one',
      );
      assert.match(id, /^sha256:[0-9a-f]{64}$/);
      const format =
        '{{json .Config.Cmd}} {{json .Config.Env}} {{json .Config.ExposedPorts}} {{json .Config.Labels}} {{.Author}} {{.Comment}}';
      return {
        inspect: await ok('image', 'inspect', '-f', format, 'made:one'),
        history: await ok('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', 'made:one'),
        output: await ok('run', '--rm', '--network', 'none', 'made:one'),
        kept: await ok(
          'run',
          '--rm',
          '--network',
          'none',
          'made:one',
          'sh',
          '-c',
          'ls -A /var/lib/dpkg /opt /etc/motd 2>&1; stat -c %U:%G:%a /opt/a /srv',
        ),
        state: await ok('inspect', '-f', '{{.State.Status}}', 'box'),
        layers: (await engine.get<{ RootFS: { Layers: string[] } }>('/images/made:one/json')).RootFS.Layers.length,
      };
    });
    assert.deepEqual(images[0], images[1]);
    assert.equal(images[0]?.state, 'running', 'it was paused and goes on');
  });

  test('a container without changes makes no layer', async () => {
    const [mine, theirs] = await both(async (engine, ok) => {
      await ok('create', '--network', 'none', '--name', 'same', 'base:test', 'true');
      await ok('commit', 'same', 'made:same');
      const { RootFS } = await engine.get<{ RootFS: { Layers: string[] } }>('/images/made:same/json');
      return RootFS.Layers.length;
    });
    assert.equal(mine, theirs);
  });

  test('what cannot be committed is refused in docker’s words', async () => {
    for (const args of [
      ['commit', 'nope'],
      ['commit', 'box', 'Upper/Case'],
      ['commit', '-c', 'RUN x', 'box'],
      ['commit', '-c', 'EXPOSE', 'box'],
      ['diff', 'nope'],
      ['export', 'nope'],
      ['export', '-o', '/nope/x', 'box'],
    ]) {
      const [mine, theirs] = await Promise.all(
        engines.map((engine) => engine.cli(args, engine.name === 'dockerd' ? { client: 'docker' } : {})),
      );
      assert.deepEqual(mine, theirs, args.join(' '));
    }
  });

  test('commit tells its event', async () => {
    const { events } = (await engines[0]
      ?.ok(['events', '--since', '5m', '--until', '0s', '--filter', 'event=commit', '--format', '{{json .}}'])
      .then((text) => ({ events: text.split('\n') }))) ?? { events: [] };
    const attributes = events.map(
      (line) => (JSON.parse(line) as { Actor: { Attributes: Record<string, string> } }).Actor.Attributes,
    );
    assert.partialDeepStrictEqual(attributes[0], { comment: 'why', imageRef: 'made:one', name: 'box' });
  });
});
