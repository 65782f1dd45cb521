import { parseDuration } from '@tsdocker/shared/durations.ts';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { BuildService } from '../../../builder/service.types.ts';
import type { Handler } from '../../router.ts';

/** @see Engine API `BuildPrune` */
export const postBuildPrune =
  (builder: BuildService): Handler =>
  async (ctx) => {
    const filters = ctx.query.filters();
    for (const name of Object.keys(filters))
      if (name !== 'until' && name !== 'unused-for')
        throw new DockerError('InvalidParameter', `invalid filter '${name}'`);
    const [unused] = [...(filters['until'] ?? []), ...(filters['unused-for'] ?? [])];
    const keep = ctx.query.int('reserved-space') ?? ctx.query.int('keep-storage');
    const { deleted, reclaimedBytes } = await builder.prune({
      all: ctx.query.bool('all'),
      ...(unused !== undefined && { unusedForMillis: Number(parseDuration(unused)) / 1e6 }),
      ...(keep !== undefined && { keepBytes: keep }),
    });
    ctx.json(200, { CachesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimedBytes });
  };
