/** Ping, info, version and disk usage. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { DISK_USAGE_TYPES, type DiskUsageType } from '../../../system/disk-usage.ts';
import type { SystemService } from '../../../system/service.ts';
import type { RequestContext } from '../../context.ts';
import type { Handler } from '../../router.ts';

/** Clients read the version to speak from its headers. */
export function getPing(ctx: RequestContext): void {
  const isHead = ctx.req.method === 'HEAD';
  ctx.res.writeHead(200, {
    // The classic builder: there is no BuildKit here for clients to ask for.
    'Builder-Version': '1',
    Swarm: 'inactive',
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': isHead ? 0 : 2,
  });
  ctx.res.end(isHead ? undefined : 'OK');
}

export const getInfo =
  (system: Pick<SystemService, 'info'>): Handler =>
  async (ctx) => {
    ctx.json(200, await system.info());
  };

export const getVersion =
  (system: Pick<SystemService, 'version'>): Handler =>
  async (ctx) => {
    ctx.json(200, await system.version());
  };

export const getSystemDf =
  (system: Pick<SystemService, 'diskUsage'>): Handler =>
  async (ctx) => {
    const asked = ctx.query.strings('type');
    const unknown = asked.find((type) => !DISK_USAGE_TYPES.includes(type as DiskUsageType));
    if (unknown !== undefined) throw new DockerError('InvalidParameter', `unknown object type: ${unknown}`);
    const types = asked.length > 0 ? (asked as DiskUsageType[]) : DISK_USAGE_TYPES;
    // From 1.52 the items are only sent when asked for; older clients always compute from them.
    const summaries = ctx.atLeast('1.52');
    ctx.json(200, await system.diskUsage({ types, summaries, items: !summaries || ctx.query.bool('verbose') }));
  };
