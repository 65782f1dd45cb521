/** Listings of many containers: `ps -a` of 500, `stats --no-stream` of 100. */
import type { Side } from './side.ts';

type Compare = (what: string, once: (side: Side) => Promise<unknown>, times: number) => Promise<void>;

const LISTED = 500;
const RUNNING = 100;
/** Requests at once. */
const WIDTH = 10;

/** Leaves nothing behind. */
export async function manyContainers(all: readonly Side[], image: string, compare: Compare): Promise<void> {
  const made = await Promise.all(all.map((side) => make(side, image)));
  await compare(
    `ps -a, ${LISTED} containers`,
    ({ engine, client }) => engine.ok(['ps', '-a'], { client, timeoutMs: 120_000 }),
    10,
  );
  await compare(
    `stats --no-stream, ${RUNNING} containers`,
    ({ engine, client }) => engine.ok(['stats', '--no-stream'], { client, timeoutMs: 120_000 }),
    5,
  );
  await Promise.all(
    all.map((side, i) => inTurns(made[i] ?? [], (id) => side.api.call('DELETE', `/containers/${id}?force=1`))),
  );
}

async function make({ api }: Side, image: string): Promise<string[]> {
  const body = { Image: image, Cmd: ['sleep', '100000'], HostConfig: { NetworkMode: 'none' } };
  const ids: string[] = [];
  await inTurns(Array.from({ length: LISTED }), async () => {
    ids.push((await api.call<{ Id: string }>('POST', '/containers/create', body)).Id);
  });
  await inTurns(ids.slice(0, RUNNING), (id) => api.call('POST', `/containers/${id}/start`));
  return ids;
}

async function inTurns<T>(items: readonly T[], body: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  const work = async () => {
    while (rest.length > 0) await body(rest.pop() as T);
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
}
