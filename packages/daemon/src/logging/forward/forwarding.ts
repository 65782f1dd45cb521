/** Joins containers with the forwarder: what of a container's log is sent where. */
import { dirname, join } from 'node:path';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { LogInfo } from '../log-info.ts';
import type { LogSource } from '../read-logs.ts';
import { REMOTE_DRIVERS } from './drivers.ts';
import { LogForwarder } from './forwarder.ts';
import type { LogHost } from './remote-log.ts';

interface Config {
  Type?: string;
  Config?: Record<string, string>;
}

/** @param warn reports what nobody waits for */
export function createLogForwarding(host: LogHost, warn: (message: string, fields: Record<string, unknown>) => void) {
  const forwarder = new LogForwarder(host, warn);
  return {
    /** Connects and lets go again, as a start does in docker. @throws System `failed to initialize logging driver: ...` */
    async probe(config: Config, info: LogInfo): Promise<void> {
      const driver = REMOTE_DRIVERS.get(config.Type ?? '');
      if (!driver) return;
      try {
        (await driver.open(config.Config ?? {}, info, host)).close();
      } catch (err) {
        throw new DockerError('System', `failed to initialize logging driver: ${(err as Error).message}`, {
          cause: err,
        });
      }
    },
    follow(source: LogSource, config: Config, info: LogInfo): void {
      const driver = REMOTE_DRIVERS.get(config.Type ?? '');
      if (!driver) return;
      const positionPath = join(dirname(source.path), 'log-position.json');
      forwarder.follow(info.id, { source, positionPath, driver, options: config.Config ?? {}, info });
    },
    drain: (id: string, limitMillis: number): Promise<void> => forwarder.drain(id, limitMillis),
    stop: (id: string): Promise<void> => forwarder.stop(id),
    close: (): Promise<void> => forwarder.close(),
  };
}
