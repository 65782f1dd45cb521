/** ContainerList, and what `docker ps` shows of each. */
import type { ContainerSummary } from '@tsdocker/shared/types/container.ts';
import { humanDuration } from '@tsdocker/shared/units.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { compileFilters } from './list-filters.ts';
import { mountPoints } from './mounts.ts';
import { portSummaries } from './ports.ts';
import type { ListOptions } from './service.types.ts';
import { nowNanos, parseNanos } from './time.ts';

type ListDeps = Pick<Domain, 'index' | 'images' | 'networks'>;

/** Newest first. Without `all` only running ones, unless a limit or a filter on the state says otherwise. @throws InvalidParameter bad filter */
export async function listContainers(deps: ListDeps, opts: ListOptions): Promise<ContainerSummary[]> {
  const matches = await compileFilters(deps, opts.filters);
  const limit = opts.limit && opts.limit > 0 ? opts.limit : undefined;
  const asksState = ['status', 'exited', 'before', 'since'].some((key) => opts.filters[key]?.length);
  const showsAll = opts.all || limit !== undefined || asksState;
  const newestFirst = [...deps.index.values()].reverse();
  const wanted = newestFirst.filter((c) => (showsAll || c.isRunning) && matches(c));
  return Promise.all((limit ? wanted.slice(0, limit) : wanted).map((c) => summarize(deps, c, opts.size)));
}

async function summarize(deps: ListDeps, c: Container, size: boolean): Promise<ContainerSummary> {
  const { record } = c;
  const usage = size ? await deps.images.rootfsUsage(c.id) : undefined;
  const annotations = c.hostConfig.Annotations;
  return {
    Id: c.id,
    Names: [`/${c.name}`],
    Image: imageText(deps, record),
    ImageID: record.imageId,
    Command: commandText(record.path, record.args),
    Created: Number(parseNanos(record.created) / 1_000_000_000n),
    Ports: portSummaries(record.network.ports),
    ...(usage && { SizeRw: usage.rwBytes, SizeRootFs: usage.totalBytes }),
    Labels: record.config.Labels ?? {},
    State: c.status,
    Status: statusText(c),
    HostConfig: { NetworkMode: c.hostConfig.NetworkMode, ...(annotations && { Annotations: annotations }) },
    Health: {
      Status: c.record.state.health?.Status ?? 'none',
      FailingStreak: c.record.state.health?.FailingStreak ?? 0,
    },
    NetworkSettings: { Networks: record.network.networks as never },
    Mounts: mountPoints(c),
  };
}

/** As it was asked for; its id when that means another image now, or none. */
function imageText(deps: ListDeps, { config, imageId }: Container['record']): string {
  const asked = config.Image ?? '';
  return deps.images.means(asked, imageId) ? asked : imageId;
}

/** Arguments with a blank are quoted, so that the text can be read back. */
function commandText(path: string, args: readonly string[]): string {
  return [path, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

/** `Up 2 hours (healthy)`, `Exited (0) 3 minutes ago`, ... */
export function statusText(c: Container): string {
  const { state } = c.record;
  const since = (time: string) => humanDuration(nowNanos() - parseNanos(time));
  switch (c.status) {
    case 'running':
      return `Up ${since(state.startedAt)}${healthText(c)}`;
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    case 'exited':
      return parseNanos(state.finishedAt) === 0n ? '' : `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  }
}

function healthText(c: Container): string {
  const status = c.record.state.health?.Status;
  if (!status || status === 'none') return '';
  return status === 'starting' ? ' (health: starting)' : ` (${status})`;
}
