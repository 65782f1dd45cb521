/** A container's files: changes, export, commit, and the archives of `docker cp`. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { ContainerConfig as Config } from '@tsdocker/shared/types/container.ts';
import type { ContainerService, PathStat } from '../../../containers/service.types.ts';
import type { RequestContext } from '../../context.ts';
import { download } from '../../download.ts';
import { ContainerConfig } from '../../request/shapes.gen.ts';
import type { Handler } from '../../router.ts';

export const getContainersChanges =
  (containers: Pick<ContainerService, 'changes'>): Handler =>
  async (ctx) => {
    const changes = await containers.changes(ctx.param('id'));
    // No change is null, as the engine has it.
    ctx.json(200, changes.length > 0 ? changes : null);
  };

export const getContainersExport =
  (containers: Pick<ContainerService, 'export'>): Handler =>
  async (ctx) => {
    await download(ctx, (open) => containers.export(ctx.param('id'), async () => open({})));
  };

export const headContainersArchive =
  (containers: Pick<ContainerService, 'statPath'>): Handler =>
  async (ctx) => {
    const stat = await containers.statPath(ctx.param('id'), pathOf(ctx));
    ctx.res.writeHead(200, statHeader(stat));
    ctx.res.end();
  };

export const getContainersArchive =
  (containers: Pick<ContainerService, 'getArchive'>): Handler =>
  async (ctx) => {
    const path = pathOf(ctx);
    await download(ctx, (open) => containers.getArchive(ctx.param('id'), path, async (stat) => open(statHeader(stat))));
  };

export const putContainersArchive =
  (containers: Pick<ContainerService, 'putArchive'>): Handler =>
  async (ctx) => {
    await containers.putArchive(ctx.param('id'), {
      path: pathOf(ctx),
      noOverwriteDirNonDir: ctx.query.bool('noOverwriteDirNonDir'),
      copyUidGid: ctx.query.bool('copyUIDGID'),
      content: ctx.connection.body(),
    });
    ctx.empty(200);
  };

export const postCommit =
  (containers: Pick<ContainerService, 'commit'>): Handler =>
  async (ctx) => {
    const { query } = ctx;
    const config = await ctx.body<Config>(ContainerConfig);
    const [repository, tag] = [query.optional('repo'), query.optional('tag')];
    const [author, comment] = [query.optional('author'), query.optional('comment')];
    const id = await containers.commit(query.string('container'), {
      changes: query.strings('changes'),
      pause: query.bool('pause', true),
      ...(config && { config }),
      ...(repository && { ref: tag ? `${repository}:${tag}` : repository }),
      ...(author && { author }),
      ...(comment && { comment }),
    });
    ctx.json(201, { Id: id });
  };

function pathOf(ctx: RequestContext): string {
  const path = ctx.query.string('path');
  if (path === '') throw new DockerError('InvalidParameter', 'bad parameter: path cannot be empty');
  if (path.includes('\0')) throw new DockerError('InvalidParameter', 'bad parameter: path cannot hold a zero byte');
  return path;
}

function statHeader(stat: PathStat): Record<string, string> {
  return { 'X-Docker-Container-Path-Stat': Buffer.from(JSON.stringify(stat)).toString('base64') };
}
