/** An image service on a data root of its own, with events and progress at hand. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '../../packages/daemon/src/events/events.ts';
import { createImageService, type ImageServiceOptions } from '../../packages/daemon/src/images/service.ts';
import type { ImageService, PullOptions } from '../../packages/daemon/src/images/service.types.ts';
import type { ProgressMessage } from '../../packages/shared/src/types/image.ts';

export interface ImageBench {
  service: ImageService;
  dataRoot: string;
  events: NewEvent[];
  containers: { id: string; imageId: string; running: boolean }[];
  /** Pulls and gives back the messages. */
  pull(ref: string, opts?: Partial<PullOptions>): Promise<ProgressMessage[]>;
  /** A second daemon on the same data root, as after a crash. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function imageBench(opts: Partial<ImageServiceOptions> = {}): Promise<ImageBench> {
  const dataRoot = await mkdtemp(join(tmpdir(), 'tsd-images-'));
  const containers: ImageBench['containers'] = [];
  const events: NewEvent[] = [];
  const create = () =>
    createImageService({
      dataRoot,
      registryMirrors: [],
      insecureRegistries: [],
      users: { containersOf: (id) => containers.filter((c) => c.imageId === id) },
      events: { publish: (e) => events.push(e) },
      log: { warn: (message, fields) => console.error(message, fields) },
      requestRetry: { attempts: 3, delayMillis: 5 },
      downloadRetry: { attempts: 3, delayMillis: 5 },
      ...opts,
    });
  const bench: ImageBench = {
    service: await create(),
    dataRoot,
    events,
    containers,
    pull: async (ref, options = {}) => {
      const messages: ProgressMessage[] = [];
      await bench.service.pull(ref, { progress: (m) => messages.push(m), ...options });
      return messages;
    },
    reopen: async () => {
      bench.service = await create();
    },
    close: async () => {
      await bench.service.close();
      await rm(dataRoot, { recursive: true, force: true });
    },
  };
  return bench;
}
