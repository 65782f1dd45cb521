/** Everything that changes a container. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { jsonLine } from '@tsdocker/shared/jsonstream.ts';
import type { ContainerCreateRequest, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { ContainerService, WaitCondition } from '../../../containers/service.types.ts';
import { containerUpdateFrom } from '../../compat.ts';
import { writeChunk } from '../../context.ts';
import { messageOf } from '../../middleware/errors.ts';
import { terminalSize } from '../../request/terminal-size.ts';
import type { Handler } from '../../router.ts';
import { createRequest, updateRequest } from './shapes.ts';

type Containers<K extends keyof ContainerService> = Pick<ContainerService, K>;

export const postContainersCreate =
  (containers: Containers<'create'>): Handler =>
  async (ctx) => {
    const request = await ctx.body<ContainerCreateRequest>(createRequest);
    if (!request) {
      throw new DockerError('InvalidParameter', 'config cannot be empty in order to create a container');
    }
    const name = ctx.query.optional('name');
    const platform = ctx.query.optional('platform');
    const created = await containers.create({ ...(name && { name }), ...(platform && { platform }), request });
    ctx.json(201, { Id: created.Id, Warnings: created.Warnings ?? [] });
  };

export const postContainersStart =
  (containers: Containers<'start'>): Handler =>
  async (ctx) => {
    const detachKeys = ctx.query.optional('detachKeys');
    await containers.start(ctx.param('id'), detachKeys ? { detachKeys } : {});
    ctx.empty(204);
  };

export const postContainersStop =
  (containers: Containers<'stop'>): Handler =>
  async (ctx) => {
    await containers.stop(ctx.param('id'), stopOptions(ctx.query));
    ctx.empty(204);
  };

export const postContainersRestart =
  (containers: Containers<'restart'>): Handler =>
  async (ctx) => {
    await containers.restart(ctx.param('id'), stopOptions(ctx.query));
    ctx.empty(204);
  };

function stopOptions(query: { optional(name: string): string | undefined; int(name: string): number | undefined }) {
  const signal = query.optional('signal');
  const timeoutSeconds = query.int('t');
  return { ...(signal && { signal }), ...(timeoutSeconds !== undefined && { timeoutSeconds }) };
}

export const postContainersKill =
  (containers: Containers<'kill'>): Handler =>
  async (ctx) => {
    const signal = ctx.query.optional('signal');
    await containers.kill(ctx.param('id'), signal ? { signal } : {});
    ctx.empty(204);
  };

export const postContainersPause =
  (containers: Containers<'pause'>): Handler =>
  async (ctx) => {
    await containers.pause(ctx.param('id'));
    ctx.empty(204);
  };

export const postContainersUnpause =
  (containers: Containers<'unpause'>): Handler =>
  async (ctx) => {
    await containers.unpause(ctx.param('id'));
    ctx.empty(204);
  };

export const postContainersRename =
  (containers: Containers<'rename'>): Handler =>
  async (ctx) => {
    await containers.rename(ctx.param('id'), ctx.query.string('name'));
    ctx.empty(204);
  };

export const postContainersUpdate =
  (containers: Containers<'update'>): Handler =>
  async (ctx) => {
    const asked = (await ctx.body<HostConfig>(updateRequest)) ?? {};
    ctx.json(200, await containers.update(ctx.param('id'), containerUpdateFrom(ctx.version, asked)));
  };

export const postContainersResize =
  (containers: Containers<'resize'>): Handler =>
  async (ctx) => {
    await containers.resize(ctx.param('id'), terminalSize(ctx.query));
    ctx.empty(200);
  };

export const deleteContainer =
  (containers: Containers<'remove'>): Handler =>
  async (ctx) => {
    await containers.remove(ctx.param('id'), {
      force: ctx.query.bool('force'),
      volumes: ctx.query.bool('v'),
      link: ctx.query.bool('link'),
    });
    ctx.empty(204);
  };

export const postContainersPrune =
  (containers: Containers<'prune'>): Handler =>
  async (ctx) => {
    const { deleted, reclaimedBytes } = await containers.prune(ctx.query.filters());
    ctx.json(200, { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimedBytes });
  };

const WAIT_CONDITIONS: readonly string[] = ['not-running', 'next-exit', 'removed'] satisfies WaitCondition[];

/** The header is sent as soon as the wait is registered: clients start the container once they have it. */
export const postContainersWait =
  (containers: Containers<'wait'>): Handler =>
  async (ctx) => {
    const condition = ctx.query.optional('condition') ?? 'not-running';
    if (!WAIT_CONDITIONS.includes(condition)) {
      throw new DockerError('InvalidParameter', `invalid condition: "${condition}"`);
    }
    const { result } = await containers.wait(ctx.param('id'), {
      condition: condition as WaitCondition,
      signal: ctx.signal,
    });
    ctx.res.writeHead(200, { 'Content-Type': 'application/json' });
    ctx.res.flushHeaders();
    const answer = await result.catch((err) => ({ StatusCode: -1, Error: { Message: messageOf(err) } }));
    await writeChunk(ctx.res, jsonLine(answer));
    ctx.res.end();
  };
