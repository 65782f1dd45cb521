/** What the lifecycle of a container means for log drivers that send its output away. */
import type { LogInfo } from '../logging/log-info.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { logFileOf } from './log-file.ts';
import { untilStopped } from './logs.ts';

export function logInfoOf(c: Container): LogInfo {
  const { id, name, imageId, path, args, created, config } = c.record;
  const { Env: env, Labels: labels, Image: imageName = '' } = config;
  return { id, name, imageId, imageName, path, args, created, env: env ?? [], labels: labels ?? {} };
}

/** From where it was until the container has stopped and all is sent; other drivers need nothing. */
export function forwardLog(deps: Pick<Domain, 'logForwarding' | 'store'>, c: Container): void {
  if (!deps.logForwarding) return;
  const source = { ...logFileOf(deps, c), ended: untilStopped(c).promise };
  deps.logForwarding.follow(source, c.hostConfig.LogConfig ?? {}, logInfoOf(c));
}
