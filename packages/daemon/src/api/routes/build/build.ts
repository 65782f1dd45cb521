/** ImageBuild: the request's parameters, and its answer in one of two forms. */
import { posix } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parseReference } from '@tsdocker/shared/reference.ts';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { BuildCall, BuildEvent } from '@tsdocker/shared/types/build.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { BuildOptions, BuildService } from '../../../builder/service.types.ts';
import type { ProgressSink } from '../../../images/service.types.ts';
import type { RequestContext } from '../../context.ts';
import { answerWithProgress } from '../../progress.ts';
import type { Handler } from '../../router.ts';
import { classicStream } from './classic-stream.ts';

/** @see Engine API `ImageBuild` */
export const postBuild =
  (builder: BuildService): Handler =>
  async (ctx) => {
    // `progress=events` is ours: every event as it is, for a client that draws steps that run at once.
    const events = ctx.query.string('progress') === 'events';
    const options = buildOptions(ctx, events);
    await answerWithProgress(ctx.res, async (progress, room) => {
      const onEvent = events ? eventStream(progress) : classicStream(progress, ctx.query.bool('q'));
      await builder.build({ ...options, onEvent, room });
    });
  };

function eventStream(progress: ProgressSink): (event: BuildEvent) => void {
  return (event) => progress({ id: 'tsdocker.build', aux: event });
}

/** What has no counterpart here is refused, not passed over. */
const REFUSED: Readonly<Record<string, string>> = {
  remote: 'building from an address is not there yet: fetch it and send it as the context',
  squash: 'squashing is not there yet',
  cachefrom: 'cache-from is not there yet: the cache of this daemon is used',
  outputs: 'outputs other than an image are not there yet',
};
const EMPTY: readonly string[] = ['', '0', 'false', '[]', 'null', '{}'];

function buildOptions(ctx: RequestContext, events: boolean): Omit<BuildOptions, 'onEvent' | 'room'> {
  const { query } = ctx;
  for (const [name, reason] of Object.entries(REFUSED))
    if (!EMPTY.includes(query.string(name))) throw new DockerError('NotImplemented', reason);
  const tags = query.strings('t').filter((tag) => tag !== '');
  for (const tag of tags) {
    if (parseReference(tag).digest) throw new DockerError('InvalidParameter', 'build tag cannot contain a digest');
  }
  return {
    context: ctx.connection.body(),
    dockerfile: posix.normalize(query.string('dockerfile') || 'Dockerfile').replace(/^\/+/, ''),
    tags,
    buildArgs: jsonMap(query.string('buildargs'), 'buildargs'),
    labels: jsonMap(query.string('labels'), 'labels') as Record<string, string>,
    target: query.optional('target'),
    call: callOf(query.string('call')),
    useCache: !query.bool('nocache'),
    pull: query.bool('pull'),
    platform: query.optional('platform'),
    history: events ? 'buildkit' : 'classic',
    hostConfig: hostConfigOf(ctx),
    // Ours: what `--allow` of our client gives.
    allowed: query.strings('allow'),
    auth: jsonHeader<AuthConfig>(ctx.req.headers['x-registry-config'], 'X-Registry-Config'),
    secrets: new Map(
      Object.entries(jsonHeader<string>(ctx.req.headers['x-build-secrets'], 'X-Build-Secrets')).map(([id, value]) => [
        id,
        Buffer.from(String(value), 'base64'),
      ]),
    ),
    signal: ctx.signal,
  };
}

const CALLS: readonly BuildCall[] = ['build', 'check', 'outline', 'targets'];

/** Ours, too: the answer is one of the events. */
function callOf(text: string): BuildCall {
  const call = CALLS.find((c) => c === (text || 'build'));
  if (!call) throw new DockerError('InvalidParameter', `unknown call ${JSON.stringify(text)}`);
  return call;
}

function hostConfigOf({ query }: RequestContext): HostConfig {
  const numbers = {
    Memory: query.int('memory'),
    MemorySwap: query.int('memswap'),
    CpuShares: query.int('cpushares'),
    CpuPeriod: query.int('cpuperiod'),
    CpuQuota: query.int('cpuquota'),
    ShmSize: query.int('shmsize'),
  };
  const texts = { CpusetCpus: query.optional('cpusetcpus'), CpusetMems: query.optional('cpusetmems') };
  const hosts = query.optional('extrahosts');
  const ulimits = query.optional('ulimits');
  const parent = query.optional('cgroupparent');
  return {
    ...Object.fromEntries(Object.entries({ ...numbers, ...texts }).filter(([, value]) => value)),
    NetworkMode: query.string('networkmode') || 'default',
    ...(parent && { CgroupParent: parent }),
    ...(hosts && { ExtraHosts: hosts.startsWith('[') ? (json(hosts, 'extrahosts') as string[]) : hosts.split(',') }),
    ...(ulimits && { Ulimits: json(ulimits, 'ulimits') as NonNullable<HostConfig['Ulimits']> }),
  };
}

function json(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DockerError('InvalidParameter', `error reading build ${name}: ${(cause as Error).message}`, { cause });
  }
}

function jsonMap(text: string, name: string): Record<string, string | null> {
  if (text === '') return {};
  const value = json(text, name);
  const isMap =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string' || item === null);
  if (value === null) return {};
  if (!isMap) throw new DockerError('InvalidParameter', `error reading build ${name}: it is no object of strings`);
  return value as Record<string, string | null>;
}

/** Base64 of a JSON object. @throws InvalidParameter */
function jsonHeader<T>(header: string | string[] | undefined, name: string): Record<string, T> {
  if (typeof header !== 'string' || header === '') return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, T>) : {};
  } catch (cause) {
    throw new DockerError('InvalidParameter', `invalid ${name} header`, { cause });
  }
}
