/**
 * The requests and errors of `create`, row by row, against what docker 28.2.2 did with the same words (a recorded fixture, and
 * docker itself where it is installed).
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { runInProcess } from '../../support/in-process-cli.ts';
import { programClient, type Recorded, recordCreate } from '../../support/record-create.ts';

const FIXTURE = new URL('../../fixtures/cli/create-docker-28.2.2.json', import.meta.url);
const ENV = { DOCKER_CONFIG: '/nonexistent', HOME: '/nonexistent' };

/** Rows where docker 29 differs from the recorded 28.2.2, and we do as 29 does: row to what is expected. */
const DOCKER_29: Readonly<Record<string, string>> = {
  // The address flags are checked by the client.
  '--ip bad busybox': 'invalid argument "bad" for "--ip" flag: failed to parse IP: "bad"',
  '--ip6 bad busybox': 'invalid argument "bad" for "--ip6" flag: failed to parse IP: "bad"',
  '--ip 10.0.0.05 busybox': 'invalid argument "10.0.0.05" for "--ip" flag: failed to parse IP: "10.0.0.05"',
};

const nameOf = (argv: string[]): string => argv.join(' ').replace(/^$/, '(nothing)');

/** The program's name is not docker's; binds and environment leave docker in the order of a Go map, which is none. */
function comparable(row: Recorded): unknown {
  const copy = JSON.parse(JSON.stringify(row).replaceAll('tsdocker', 'docker')) as Recorded;
  const body = copy.body as { Env?: string[]; HostConfig?: { Binds?: string[] } } | undefined;
  body?.Env?.sort();
  body?.HostConfig?.Binds?.sort();
  return copy;
}

describe('create sends what docker sends and refuses what docker refuses', () => {
  const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Recorded[];
  let ours = new Map<string, Recorded>();
  before(async () => {
    const rows = await recordCreate(
      async (args, at) => {
        const { exitCode, stdout, stderr } = await runInProcess(args, at);
        return { exitCode, stdout, stderr };
      },
      recorded.map(({ argv }) => argv),
    );
    ours = new Map(rows.map((row) => [nameOf(row.argv), row]));
  });
  for (const row of recorded) {
    const name = nameOf(row.argv);
    test(name, () => {
      const own = ours.get(name);
      assert.ok(own);
      const expected = DOCKER_29[name];
      if (expected === undefined) return assert.deepEqual(comparable(own), comparable(row));
      assert.equal(own.stderr.split('\n')[0], expected);
      assert.equal(own.exitCode, 125);
    });
  }
});

const docker = ((): string | undefined => {
  try {
    return execFileSync('docker', ['--version'], { encoding: 'utf8' }).includes(' 28.2.2,') ? 'docker' : undefined;
  } catch {
    return undefined;
  }
})();

test('the fixture is what docker 28.2.2 does', {
  skip: docker ? false : 'docker 28.2.2 is not installed',
}, async () => {
  const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Recorded[];
  const live = await recordCreate(
    programClient('docker', ENV),
    recorded.map(({ argv }) => argv),
  );
  assert.deepEqual(live.map(comparable), recorded.map(comparable));
});
