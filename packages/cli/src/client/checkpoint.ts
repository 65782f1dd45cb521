/** Requests about checkpoints, which only daemons with experimental features know. Each function is one operation. */
import type { EngineClient } from './client.ts';

const at = (container: string, checkpoint = ''): string =>
  `/containers/${encodeURIComponent(container)}/checkpoints${checkpoint && `/${encodeURIComponent(checkpoint)}`}`;

/** CheckpointCreate. @param options.leaveRunning the container goes on */
export async function checkpointCreate(
  client: EngineClient,
  container: string,
  options: { checkpoint: string; directory: string; leaveRunning: boolean },
): Promise<void> {
  const { checkpoint, directory, leaveRunning } = options;
  const body = { CheckpointID: checkpoint, CheckpointDir: directory, Exit: !leaveRunning };
  await (await client.request('POST', at(container), { body })).discard();
}

/** CheckpointList */
export async function checkpointList(
  client: EngineClient,
  container: string,
  dir: string,
): Promise<{ Name: string }[]> {
  return (await client.request('GET', at(container), { query: { dir } })).json();
}

/** CheckpointDelete */
export async function checkpointDelete(
  client: EngineClient,
  container: string,
  options: { checkpoint: string; directory: string },
): Promise<void> {
  const query = { dir: options.directory };
  await (await client.request('DELETE', at(container, options.checkpoint), { query })).discard();
}
