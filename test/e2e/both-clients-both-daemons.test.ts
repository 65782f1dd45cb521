import { test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { startDockerd, startTsdockerd, tsdocker } from '../support/engines.ts';
import { findProgram, missing } from '../support/program.ts';
import { coreScenario } from './core-scenario.ts';

const docker = findProgram('docker') ?? 'docker';

test('tsdocker against tsdockerd', { skip: missing({ root: true }) }, async (t) => {
  const engine = await startTsdockerd();
  try {
    await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
    await coreScenario(t, { engine, client: tsdocker, image: 'base:test', network: 'bridge' });
  } finally {
    await engine.dispose();
  }
});

test('the stock docker client against tsdockerd', {
  skip: missing({ root: true, programs: ['docker'] }),
}, async (t) => {
  const engine = await startTsdockerd();
  try {
    await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test'], {
      client: docker,
    });
    await coreScenario(t, { engine, client: docker, image: 'base:test', network: 'bridge' });
  } finally {
    await engine.dispose();
  }
});

test('tsdocker against a real dockerd', { skip: missing({ root: true, programs: ['dockerd'] }) }, async (t) => {
  const engine = await startDockerd();
  try {
    await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
    await coreScenario(t, { engine, client: tsdocker, image: 'base:test', network: 'none' });
  } finally {
    await engine.dispose();
  }
});
