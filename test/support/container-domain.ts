/** The container domain on fakes, in a data root of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ContainersDeps } from '../../packages/daemon/src/containers/deps.types.ts';
import { createContainerService } from '../../packages/daemon/src/containers/service.ts';
import type { ClientStreams } from '../../packages/daemon/src/containers/service.types.ts';
import type { NewEvent } from '../../packages/daemon/src/events/events.ts';
import { DockerError } from '../../packages/shared/src/errors.ts';
import type { ContainerCreateRequest, HostConfig } from '../../packages/shared/src/types/container.ts';
import { FakeImages } from './fake-images.ts';
import { FakeNetworks } from './fake-networks.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { FakeVolumes } from './fake-volumes.ts';

export async function containerDomain() {
  const dataRoot = await mkdtemp(join(tmpdir(), 'tsdocker-containers-'));
  const runtime = new FakeRuntime();
  const images = new FakeImages(join(dataRoot, 'rootfs'));
  images.add('debian', { Cmd: ['bash'], Env: ['PATH=/bin', 'A=image'] } as never);
  const networks = new FakeNetworks();
  const volumes = new FakeVolumes();
  const events: NewEvent[] = [];
  const warnings: string[] = [];
  const logs = new Map<string, { stream: 1 | 2; time: bigint; data: Buffer }[]>();
  const copies: [string[], string, string][] = [];
  const deps: ContainersDeps = {
    config: {
      dataRoot,
      execRoot: '/run/x',
      runtimes: ['runc'],
      defaultShmSize: 64 << 20,
      logConfig: { type: 'json-file', config: {} },
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
    },
    runtime,
    images,
    networks,
    volumes,
    events: { publish: (event) => events.push(event) },
    etc: { hosts: async (i) => `${i.addresses.join()} ${i.hostname}\n`, resolvConf: async (i) => `${i.mode}\n` },
    readLogs: async function* ({ path }, { since = 0n, until, ...opts }) {
      for (const { time, stream, data } of logs.get(path) ?? []) {
        const wanted = stream === 2 ? opts.stderr : opts.stdout;
        if (wanted && time >= since && (until === undefined || time <= until)) yield [{ stream, data }];
      }
    },
    logWriterConfig: ({ Type = 'json-file', Config = {} }) => {
      for (const name of Object.keys(Config)) {
        if (name !== 'max-size')
          throw new DockerError('InvalidParameter', `unknown log opt '${name}' for ${Type} log driver`);
      }
      return Type === 'none' ? undefined : { maxSizeBytes: -1, maxFiles: 1 };
    },
    userOf: () => ({ uid: 0, gid: 0 }),
    copyUp: async (...args) => {
      copies.push(args);
    },
    log: { warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`) },
    systemPaths: () => ({ masked: ['/proc/kcore'], readonly: ['/proc/sys'] }),
  };
  let service = await createContainerService(deps);
  const create = async (given: ContainerCreateRequest | HostConfig = {}, name?: string) => {
    const request = { Image: 'debian', ...given } as ContainerCreateRequest;
    return (await service.create({ name, request })).Id;
  };
  return {
    dataRoot,
    deps,
    runtime,
    images,
    networks,
    volumes,
    events,
    warnings,
    logs,
    copies,
    get service() {
      return service;
    },
    create,
    /** create with a HostConfig alone */
    createHost: (HostConfig: Record<string, unknown>, name?: string) => create({ HostConfig } as never, name),
    run: async (given: Record<string, unknown> = {}, name?: string) => {
      const id = await create(given as never, name);
      await service.start(id);
      return id;
    },
    state: async (ref: string) => (await service.inspect(ref, { size: false })).State!,
    actions: () => events.map((e) => `${e.type} ${e.action.split(':')[0]}`),
    /** The daemon is killed: nothing is flushed, and another takes over. */
    crash: async () => {
      runtime.daemonDied();
      const next = await createContainerService(deps);
      service = next;
      await next.restore();
      return next;
    },
    [Symbol.asyncDispose]: async () => {
      for (const c of [...runtime.running.values()]) c.exit(0);
      await service.close();
      await rm(dataRoot, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export type TestDomain = Awaited<ReturnType<typeof containerDomain>>;

/** A client's side of attach or exec: type with `stdin.write`, read `text()`. */
export function fakeClient() {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk) => chunks.push(chunk));
  const streams: ClientStreams = { stdin, stdout, stderr: stdout };
  return { stdin, stdout, open: async () => streams, text: () => Buffer.concat(chunks).toString() };
}
