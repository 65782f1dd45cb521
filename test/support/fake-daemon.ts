/** Program: a tsdockerd whose containers echo their input. For clients that are programs themselves. */

import type { OpenStreams } from '../../packages/daemon/src/containers/service.types.ts';
import { runDaemon } from '../../packages/daemon/src/program.ts';
import { fakeContainerService, fakeImageService, fakeServices, noSuchContainer } from './fake-services.ts';

const ID = 'a'.repeat(64);
const inspect = (tty: boolean) => ({
  Id: ID,
  Name: '/web',
  State: { Status: 'running', Running: true, Paused: false, Restarting: false, ExitCode: 0 },
  Config: { Tty: tty, OpenStdin: true, Image: 'ubuntu' },
  HostConfig: {},
  NetworkSettings: { Networks: {} },
});

async function echo(open: OpenStreams, tty: boolean): Promise<void> {
  const { stdin, stdout, stderr } = await open(tty);
  for await (const chunk of stdin ?? []) stdout.write(chunk);
  stderr.write('bye\n');
}

const containers = fakeContainerService({
  list: async () => [
    {
      Id: ID,
      Names: ['/web'],
      Image: 'ubuntu',
      ImageID: 'sha256:x',
      Command: '/bin/bash',
      Created: Math.floor(Date.now() / 1000) - 7200,
      Ports: [],
      Labels: {},
      State: 'running',
      Status: 'Up 2 hours',
      HostConfig: {},
      NetworkSettings: { Networks: {} },
      Mounts: [],
    } as never,
  ],
  inspect: async (ref) => {
    if (ref === 'nosuch') throw noSuchContainer(ref);
    return inspect(ref === 'tty') as never;
  },
  attach: async (ref, _options, open) => echo(open, ref === 'tty'),
  wait: async () => ({ result: Promise.resolve({ StatusCode: 7 }) }),
  resize: async () => undefined,
  logs: async () => ({
    tty: false,
    chunks: (async function* () {
      yield [{ stream: 1 as const, data: Buffer.from('to stdout\n') }];
      yield [{ stream: 2 as const, data: Buffer.from('to stderr\n') }];
    })(),
  }),
  execCreate: async () => 'e1',
  execInspect: async () => ({ ID: 'e1', OpenStdin: true, DetachKeys: '', ExitCode: 5, Running: false }) as never,
  execStart: async (_id, { tty }, open) => {
    if (open) await echo(open, tty);
  },
});

const images = fakeImageService({
  pull: async (ref, { progress }) => {
    progress({ status: 'Pulling from library/ubuntu', id: 'latest' });
    progress({ status: 'Pull complete', id: '0123456789ab', progressDetail: {} });
    progress({ status: `Status: Downloaded newer image for ${ref}` });
  },
});

await runDaemon(process.argv.slice(2), async () => fakeServices({ containers, images }));
