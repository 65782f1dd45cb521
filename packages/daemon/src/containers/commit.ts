/** ImageCommit: an image of what a container changed. */
import { familiarString, parseReference, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { ContainerConfig } from '@tsdocker/shared/types/container.ts';
import type { ImageConfig } from '@tsdocker/shared/types/image.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict } from './errors.ts';
import { publish } from './events.ts';
import { mergeImage } from './merge-image.ts';
import { pauseContainer, unpauseContainer } from './pause.ts';
import type { CommitRequest } from './service.types.ts';

type CommitDeps = Pick<Domain, 'images' | 'events' | 'store' | 'log'>;

/** @returns the image id @throws Conflict while it is being removed; InvalidParameter for names and changes */
export async function commitContainer(deps: CommitDeps, c: Container, opts: CommitRequest): Promise<string> {
  if (c.status === 'dead') throw conflict(`You cannot commit container ${c.id} which is Dead`);
  if (c.removed || c.status === 'removing')
    throw conflict(`You cannot commit container ${c.id} which is being removed`);
  const resume = opts.pause && c.status === 'running' ? await paused(deps, c) : undefined;
  try {
    const own = imagePart(c.record.config);
    const id = await deps.images.commit({
      containerId: c.id,
      imageId: c.record.imageId,
      config: opts.config ? imagePart(mergeImage(opts.config, own)) : own,
      changes: opts.changes,
      createdBy: (c.record.config.Cmd ?? []).join(' '),
      ...(opts.ref && { ref: opts.ref }),
      ...(opts.author && { author: opts.author }),
      ...(opts.comment && { comment: opts.comment }),
    });
    const imageRef = opts.ref ? familiarString(withDefaultTag(parseReference(opts.ref))) : '';
    publish(deps.events, c, 'commit', { comment: opts.comment ?? '', imageID: id, imageRef });
    return id;
  } finally {
    await resume?.();
  }
}

async function paused(deps: CommitDeps, c: Container): Promise<() => Promise<void>> {
  await pauseContainer(deps, c);
  return () =>
    unpauseContainer(deps, c).catch((err) =>
      deps.log.warn('container not resumed after commit', { container: c.id, error: (err as Error).message }),
    );
}

/** What of a container's configuration an image can have; unset members are left out. */
function imagePart(config: ContainerConfig): ImageConfig {
  const { User, ExposedPorts, Env, Entrypoint, Cmd, Volumes, WorkingDir, Labels } = config;
  const { StopSignal, Healthcheck, OnBuild, Shell, ArgsEscaped } = config;
  const part = {
    User,
    ExposedPorts,
    Env,
    Entrypoint,
    Cmd,
    Volumes,
    WorkingDir,
    Labels,
    StopSignal,
    Healthcheck,
    OnBuild,
    Shell,
    ArgsEscaped,
  };
  return Object.fromEntries(
    Object.entries(part).filter(([, value]) => value !== undefined && value !== null),
  ) as ImageConfig;
}
