/** Images that are here: list, look at, name and delete. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { boolFilter } from '@tsdocker/shared/filters.ts';
import type { ImageService } from '../../../images/service.types.ts';
import { imageInspectFor, imageSummaryFor } from '../../compat.ts';
import { platformOf, platformsOf } from '../../request/platform.ts';
import type { Handler } from '../../router.ts';

type Images<K extends keyof ImageService> = Pick<ImageService, K>;

export const getImagesJson =
  (images: Images<'list'>): Handler =>
  async (ctx) => {
    const { query } = ctx;
    const filters = query.filters();
    // Before 1.25 the reference was a parameter of its own.
    const legacy = query.optional('filter');
    if (legacy && !ctx.atLeast('1.41')) filters['reference'] = [...(filters['reference'] ?? []), legacy];
    const list = await images.list({
      all: query.bool('all'),
      filters,
      digests: query.bool('digests'),
      sharedSize: ctx.atLeast('1.42') && query.bool('shared-size'),
      manifests: ctx.atLeast('1.47') && query.bool('manifests'),
    });
    ctx.json(
      200,
      list.map((image) => imageSummaryFor(ctx.version, image)),
    );
  };

export const getImage =
  (images: Images<'inspect'>): Handler =>
  async (ctx) => {
    const platform = ctx.atLeast('1.49') ? platformOf(ctx.query) : undefined;
    const manifests = ctx.atLeast('1.48') && ctx.query.bool('manifests');
    if (manifests && platform)
      throw new DockerError(
        'InvalidParameter',
        'conflicting options: manifests and platform options cannot both be set',
      );
    const image = await images.inspect(ctx.param('name'), { ...(platform && { platform }), manifests });
    ctx.json(200, imageInspectFor(ctx.version, image));
  };

export const getImageHistory =
  (images: Images<'history'>): Handler =>
  async (ctx) => {
    const platform = ctx.atLeast('1.48') ? platformOf(ctx.query) : undefined;
    ctx.json(200, await images.history(ctx.param('name'), { ...(platform && { platform }) }));
  };

export const postImageTag =
  (images: Images<'tag'>): Handler =>
  async (ctx) => {
    await images.tag(ctx.param('name'), ctx.query.string('repo'), ctx.query.optional('tag'));
    ctx.empty(201);
  };

export const deleteImage =
  (images: Images<'remove'>): Handler =>
  async (ctx) => {
    const platforms = ctx.atLeast('1.50') ? platformsOf(ctx.query, 'platforms') : [];
    const options = { force: ctx.query.bool('force'), noPrune: ctx.query.bool('noprune'), platforms };
    ctx.json(200, await images.remove(ctx.param('name'), options));
  };

export const postImagesPrune =
  (images: Images<'prune'>): Handler =>
  async (ctx) => {
    const filters = ctx.query.filters();
    boolFilter(filters, 'dangling', true);
    const { deleted, reclaimedBytes } = await images.prune({ filters });
    ctx.json(200, { ImagesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimedBytes });
  };
