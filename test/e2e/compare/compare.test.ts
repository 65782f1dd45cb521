/**
 * Some hundred command lines, run by tsdocker against tsdockerd and by docker against dockerd: stdout, stderr, exit code and
 * the state that is left, as the API shows it, are the same but for what `differences.ts` lists with its reasons.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianArchive } from '../../support/base-image.ts';
import { type Engine, startDockerd, startTsdockerd, tsdocker } from '../../support/engines.ts';
import { findProgram, missing, runProgram } from '../../support/program.ts';
import { LINE_DIFFERENCES, STATE_DIFFERENCES } from './differences.ts';
import { AREAS } from './lines.ts';
import { flatten, normaliseText } from './normalise.ts';

const skip = missing({ root: true, programs: ['dockerd', 'docker'] });
const home = mkdtempSync(join(tmpdir(), 'tsd-compare-'));
/** The newest version that both daemons speak. */
const API = '/v1.41';
let engines: Engine[] = [];

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

before(async () => {
  if (skip) return;
  const image = await debianArchive();
  engines = await Promise.all([startTsdockerd(), startDockerd()]);
  await Promise.all(
    engines.map(async (engine) => {
      // `docker` is the client that belongs to the daemon.
      const bin = join(home, engine.name, 'bin');
      mkdirSync(bin, { recursive: true });
      const client = engine.name === 'tsdockerd' ? tsdocker : (findProgram('docker') as string);
      symlinkSync(client, join(bin, 'docker'));
      await engine.ok(['import', image, 'base:test'], { client: join(bin, 'docker') });
    }),
  );
});

after(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
  rmSync(home, { recursive: true, force: true });
});

/** One shell for all lines of an area; each line's output and code in files of its own. */
async function runArea(engine: Engine, area: string): Promise<Outcome[]> {
  const lines = AREAS[area] as readonly string[];
  const directory = join(home, engine.name, area);
  const results = join(home, engine.name, `${area}.results`);
  mkdirSync(directory, { recursive: true });
  mkdirSync(results);
  const script = lines.map((line, i) => {
    writeFileSync(join(results, `${i}.sh`), line);
    return `(cd '${directory}'; . '${results}/${i}.sh') >'${results}/${i}.out' 2>'${results}/${i}.err' </dev/null; echo $? >'${results}/${i}.code'`;
  });
  const file = join(results, 'all.sh');
  writeFileSync(file, script.join('\n'));
  chmodSync(file, 0o755);
  const env = {
    DOCKER_HOST: engine.host,
    DOCKER_CONFIG: join(home, engine.name, 'config'),
    PATH: `${join(home, engine.name, 'bin')}:${process.env['PATH']}`,
  };
  await runProgram('bash', [file], { env, timeoutMs: 300_000 });
  const places = { [directory]: 'HERE', [engine.directory]: 'ROOT', [home]: 'HOME' };
  const read = (name: string) => normaliseText(readFileSync(join(results, name), 'latin1'), places);
  return lines.map((_, i) => ({
    code: Number(readFileSync(join(results, `${i}.code`), 'utf8')),
    stdout: read(`${i}.out`),
    // docker's client logs what it could not write to a connection that was closed.
    stderr: read(`${i}.err`).replace(/^time=.*\n/gm, ''),
  }));
}

interface Inspect {
  Name: string;
  Mounts: { Destination: string }[];
  State: { Pid: number };
}

/** Inspect documents of an area's containers, by name, as paths with values. */
async function stateOf(engine: Engine, area: string): Promise<Record<string, unknown>> {
  const places = { [join(home, engine.name, area)]: 'HERE', [engine.directory]: 'ROOT', [home]: 'HOME' };
  const list = await engine.get<{ Id: string }[]>(`${API}/containers/json?all=1`);
  const documents = await Promise.all(list.map(({ Id }) => engine.get<Inspect>(`${API}/containers/${Id}/json`)));
  const named = documents.filter((d) => d.Name.length < 20 && !d.Name.includes('_'));
  for (const d of named) {
    // Their order is that of a map.
    d.Mounts.sort((a, b) => (a.Destination < b.Destination ? -1 : 1));
    if (d.State.Pid > 0) d.State.Pid = 1;
  }
  return Object.assign({}, ...named.map((d) => flatten(d, places, d.Name)));
}

describe('the same as docker', { skip }, () => {
  for (const [area, lines] of Object.entries(AREAS)) {
    test(`${area}: ${lines.length} lines`, { timeout: 400_000 }, async () => {
      const [ours = [], dockers = []] = await Promise.all(engines.map((engine) => runArea(engine, area)));
      const [mine = {}, theirs = {}] = await Promise.all(engines.map((engine) => stateOf(engine, area)));
      const report: string[] = [];
      for (const [i, line] of lines.entries()) {
        const listed = LINE_DIFFERENCES.some((d) => d.area === area && d.line === line);
        const same = isSame(ours[i], dockers[i]);
        if (same && listed) report.push(`listed, but the same: ${line}`);
        if (!same && !listed) report.push(`${line}\n  ours    ${show(ours[i])}\n  docker  ${show(dockers[i])}`);
      }
      for (const path of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
        if (Object.is(mine[path], theirs[path]) || JSON.stringify(mine[path]) === JSON.stringify(theirs[path]))
          continue;
        if (STATE_DIFFERENCES.some((d) => d.path.test(path))) continue;
        report.push(`state ${path}: ours ${JSON.stringify(mine[path])} docker ${JSON.stringify(theirs[path])}`);
      }
      await Promise.all(engines.map((engine) => removeAll(engine)));
      if (process.env['COMPARE_REPORT']) writeFileSync(join(process.env['COMPARE_REPORT'], area), report.join('\n'));
      assert.equal(report.join('\n'), '');
    });
  }
});

function isSame(a: Outcome | undefined, b: Outcome | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const show = (outcome: Outcome | undefined): string => JSON.stringify(outcome);

async function removeAll(engine: Engine): Promise<void> {
  const client = join(home, engine.name, 'bin/docker');
  const ids = (await engine.ok(['ps', '-aq'], { client })).split('\n').filter(Boolean);
  if (ids.length > 0) await engine.ok(['rm', '-fv', ...ids], { client });
}
