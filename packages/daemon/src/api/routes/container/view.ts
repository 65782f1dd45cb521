/** Everything that only looks at containers. */
import type { ContainerService } from '../../../containers/service.types.ts';
import { containerInspectFor } from '../../compat.ts';
import { writeJsonStream } from '../../context.ts';
import type { Handler } from '../../router.ts';

type Containers<K extends keyof ContainerService> = Pick<ContainerService, K>;

export const getContainersJson =
  (containers: Containers<'list'>): Handler =>
  async (ctx) => {
    const limit = ctx.query.int('limit');
    const list = await containers.list({
      all: ctx.query.bool('all'),
      size: ctx.query.bool('size'),
      filters: ctx.query.filters(),
      ...(limit !== undefined && limit > 0 && { limit }),
    });
    ctx.json(200, list);
  };

export const getContainer =
  (containers: Containers<'inspect'>): Handler =>
  async (ctx) => {
    const container = await containers.inspect(ctx.param('id'), { size: ctx.query.bool('size') });
    ctx.json(200, containerInspectFor(ctx.version, container));
  };

const DEFAULT_PS_ARGS = '-ef';

export const getContainersTop =
  (containers: Containers<'top'>): Handler =>
  async (ctx) => {
    ctx.json(200, await containers.top(ctx.param('id'), ctx.query.optional('ps_args') ?? DEFAULT_PS_ARGS));
  };

export const getContainersStats =
  (containers: Containers<'stats'>): Handler =>
  async (ctx) => {
    const samples = await containers.stats(ctx.param('id'), {
      stream: ctx.query.bool('stream', true),
      oneShot: ctx.query.bool('one-shot'),
      signal: ctx.signal,
    });
    await writeJsonStream(ctx, samples);
  };
