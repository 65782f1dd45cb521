/** The API of volumes. */
import type { VolumeCreateRequest } from '@tsdocker/shared/types/volume.ts';
import type { VolumeService } from '../../../volumes/service.types.ts';
import { VolumeCreateRequest as createShape } from '../../request/shapes.gen.ts';
import { del, get, type Handler, post, type Route } from '../../router.ts';

export function volumeRoutes(volumes: VolumeService): Route[] {
  return [
    get('/volumes', getVolumes(volumes)),
    post('/volumes/create', postVolumesCreate(volumes)),
    post('/volumes/prune', postVolumesPrune(volumes)),
    get('/volumes/{name}', getVolume(volumes)),
    del('/volumes/{name}', deleteVolume(volumes)),
  ];
}

const getVolumes =
  (service: Pick<VolumeService, 'list'>): Handler =>
  async (ctx) => {
    const { volumes, warnings } = await service.list(ctx.query.filters());
    ctx.json(200, { Volumes: volumes, Warnings: warnings.length > 0 ? warnings : null });
  };

const getVolume =
  (volumes: Pick<VolumeService, 'inspect'>): Handler =>
  async (ctx) => {
    ctx.json(200, await volumes.inspect(ctx.param('name')));
  };

const postVolumesCreate =
  (volumes: Pick<VolumeService, 'create'>): Handler =>
  async (ctx) => {
    const request = await ctx.body<VolumeCreateRequest>(createShape);
    ctx.json(201, await volumes.create({ ...request, Driver: request?.Driver || 'local' }));
  };

const deleteVolume =
  (volumes: Pick<VolumeService, 'remove'>): Handler =>
  async (ctx) => {
    await volumes.remove(ctx.param('name'), { force: ctx.query.bool('force') });
    ctx.empty(204);
  };

const postVolumesPrune =
  (volumes: Pick<VolumeService, 'prune'>): Handler =>
  async (ctx) => {
    const filters = ctx.query.filters();
    // Before 1.42 every unused volume went, not only the anonymous ones.
    if (!ctx.atLeast('1.42') && !filters['all']) filters['all'] = ['true'];
    const { deleted, reclaimedBytes } = await volumes.prune(filters);
    ctx.json(200, { VolumesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimedBytes });
  };
