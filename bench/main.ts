/** `npm run bench`: tsdocker beside docker in one run. Prints medians and ratios; never judges. */
import { spawnSync } from 'node:child_process';
import { debianArchive } from '../test/support/base-image.ts';
import { startDockerd, startTsdockerd, tsdocker } from '../test/support/engines.ts';
import { findProgram } from '../test/support/program.ts';
import { builds } from './builds.ts';
import { EngineApi } from './engine-api.ts';
import { files } from './files.ts';
import { images, pullPeak } from './images.ts';
import { manyContainers } from './many-containers.ts';
import { alternate, row } from './measure.ts';
import { memoryOfMatching } from './memory.ts';
import type { Side } from './side.ts';
import { attachOut, logRead, logWrite, stdinIn } from './streams.ts';

const IMAGE = 'base:bench';
/** `--only=ps`: just the rows that match. */
const only = new RegExp(process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length) ?? '');
const rounds = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? 15);

async function sides(): Promise<Side[]> {
  const found: Side[] = [];
  const ours = await startTsdockerd();
  found.push({
    name: 'tsdocker',
    engine: ours,
    client: tsdocker,
    api: new EngineApi(ours.socket),
    shims: /tsd-shim/,
    daemons: new RegExp(`tsdockerd.*${ours.directory}`),
  });
  const docker = findProgram('docker');
  if (docker && findProgram('dockerd')) {
    const theirs = await startDockerd({ args: ['--bridge='] });
    found.push({
      name: 'docker',
      engine: theirs,
      client: docker,
      api: new EngineApi(theirs.socket),
      shims: /containerd-shim/,
      daemons: new RegExp(`(dockerd|containerd) .*${theirs.directory}`),
    });
  } else {
    console.log('skipped: the comparison (docker or dockerd is not installed)');
  }
  for (const { engine, client } of found) await engine.ok(['import', await debianArchive(), IMAGE], { client });
  return found;
}

async function compare(
  what: string,
  all: Side[],
  once: (side: Side) => Promise<unknown>,
  times = rounds,
  prepare?: (side: Side) => Promise<unknown>,
): Promise<void> {
  if (!only.test(what)) return;
  const rows = await alternate(
    all.map((side) => ({
      name: side.name,
      once: async () => {
        await once(side);
      },
      ...(prepare && {
        prepare: async () => {
          await prepare(side);
        },
      }),
    })),
    times,
  );
  console.log(
    row(
      what,
      all.map((side) => side.name),
      rows,
    ),
  );
}

function memoryRow(what: string, all: Side[], measure: (side: Side) => { pss: number; rss: number }): void {
  const values = all.map(measure);
  const cells = values.map(
    (m, i) => `${all[i]?.name} ${(m.pss / 1024).toFixed(2)} MB PSS ${(m.rss / 1024).toFixed(2)} MB RSS`,
  );
  const ratio = values.length > 1 ? `   ratio ${((values[0]?.pss ?? 0) / (values[1]?.pss ?? 1)).toFixed(3)}` : '';
  console.log(`${what.padEnd(34)} ${cells.join('   ')}${ratio}`);
}

async function idleContainers(side: Side, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `idle-${i}`);
  for (const name of names)
    await side.engine.ok(['run', '-d', '--name', name, IMAGE, 'sleep', '1000'], { client: side.client });
  return names;
}

/** Each row moves the same bytes on both sides, so that the ratio of times is that of the rates. */
async function streams(all: Side[]): Promise<void> {
  const megabytes = 100;
  await compare('attach out, 100 MB', all, (side) => attachOut(side, IMAGE, megabytes), 3);
  await compare('stdin in, 100 MB', all, (side) => stdinIn(side, IMAGE, megabytes), 3);
  await compare('log write, 100 MB', all, (side) => logWrite(side, IMAGE, 'logged', megabytes), 3);
  await compare('log read, 100 MB', all, (side) => logRead(side, 'logged', megabytes), 3);
  for (const { engine, client } of all) await engine.ok(['rm', '-f', 'logged'], { client });
}

async function main(): Promise<void> {
  spawnSync('ip', ['link', 'set', 'lo', 'up']);
  const all = await sides();
  try {
    memoryRow('daemon, idle', all, (side) => memoryOfMatching(side.daemons));
    await compare('cli start (version)', all, ({ engine, client }) => engine.ok(['version'], { client }));
    for (const network of ['bridge', 'host', 'none']) {
      await compare(`run --rm, ${network}`, all, ({ engine, client }) =>
        engine.ok(['run', '--rm', '--network', network, IMAGE, 'true'], { client }),
      );
    }
    await compare('api create+start+wait+rm, bridge', all, ({ api }) => api.lifecycle(IMAGE, 'bridge'));
    await compare('api create+start+wait+rm, none', all, ({ api }) => api.lifecycle(IMAGE, 'none'));
    for (const side of all)
      await side.engine.ok(['run', '-d', '--name', 'target', IMAGE, 'sleep', '1000'], { client: side.client });
    await compare('exec, cli', all, ({ engine, client }) => engine.ok(['exec', 'target', 'true'], { client }));
    await compare('exec, api', all, ({ api }) => api.exec('target'));
    for (const side of all) await side.engine.ok(['rm', '-f', 'target'], { client: side.client });
    await streams(all);
    await builds(IMAGE, (what, once, times) => compare(what, all, once, Math.min(times, rounds)));
    await files(all, IMAGE, (what, once, times) => compare(what, all, once, Math.min(times, rounds)));
    await compare(
      '50 starts in parallel, api',
      all,
      async ({ api }) => {
        const body = { Image: IMAGE, Cmd: ['sleep', '1000'] };
        const created = await Promise.all(
          Array.from({ length: 50 }, () => api.call<{ Id: string }>('POST', '/containers/create', body)),
        );
        await Promise.all(created.map(({ Id }) => api.call('POST', `/containers/${Id}/start`)));
        await Promise.all(created.map(({ Id }) => api.call('DELETE', `/containers/${Id}?force=1`)));
      },
      3,
    );
    const idle = await Promise.all(all.map((side) => idleContainers(side, 10)));
    memoryRow('per idle container', all, (side) => {
      const { pss, rss, count } = memoryOfMatching(side.shims);
      return { pss: pss / Math.max(count, 1), rss: rss / Math.max(count, 1) };
    });
    memoryRow('daemon, 10 containers', all, (side) => memoryOfMatching(side.daemons));
    await Promise.all(all.map((side, i) => side.engine.ok(['rm', '-f', ...(idle[i] ?? [])], { client: side.client })));
    await manyContainers(all, IMAGE, (what, once, times) => compare(what, all, once, Math.min(times, rounds)));
    // Last: the daemons it starts take the bridge away from the one above.
    if (['load', 'save'].some((what) => only.test(`${what}, 200 MB in 1 layer`)))
      await images((what, once, times, prepare) => compare(what, all, once, Math.min(times, rounds), prepare));
    if (only.test('daemon, peak of a pull')) {
      const peak = await pullPeak();
      const cell = peak
        ? `tsdocker ${(peak.peakKb / 1024).toFixed(0)} MB, idle ${(peak.idleKb / 1024).toFixed(0)} MB`
        : 'skipped: docker-registry is not installed';
      console.log(`${'daemon, peak of a pull of 1 GB'.padEnd(34)} ${cell}`);
    }
  } finally {
    for (const side of all) {
      side.api.close();
      await side.engine.dispose();
    }
  }
}

await main();
