/** Filters of ContainerList and ContainerPrune, turned into one predicate. */

import { boolFilter, checkFilterKeys, type Filters, matchesLabels } from '@tsdocker/shared/filters.ts';
import { untilMillis } from '@tsdocker/shared/until.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError, containerNotFound, invalid } from './errors.ts';
import { parseNanos } from './time.ts';

type Predicate = (c: Container) => boolean;
type Deps = Pick<Domain, 'index' | 'images' | 'networks'>;

const KEYS =
  'ancestor before exited expose health id is-task isolation label name network publish since status volume'.split(' ');
const STATUSES = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];
const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'];

/** Values of a key are alternatives (labels: all), keys must all match. @throws InvalidParameter unknown key or value; NotFound before/since */
export async function compileFilters(deps: Deps, f: Filters): Promise<Predicate> {
  checkFilterKeys(f, KEYS);
  const tests: Predicate[] = [];
  const any = (key: string, test: (c: Container, value: string) => boolean) => {
    const values = f[key];
    if (values?.length) tests.push((c) => values.some((value) => test(c, value)));
  };
  any('id', (c, v) => c.id.startsWith(v) || textMatches(c.id, v));
  any('name', (c, v) => textMatches(`/${c.name}`, v) || textMatches(c.name, v));
  any('volume', (c, v) =>
    c.record.mounts.some((m) => !m.hidden && (m.Name === v || m.Destination === v || m.Source === v)),
  );
  checkStatuses(f['status'] ?? []);
  any('status', (c, v) => c.status === v);
  checkHealths(f['health'] ?? []);
  any('health', (c, v) => (c.record.state.health?.Status ?? 'none') === v);
  any('isolation', (_, v) => v === 'default');
  addExited(f, tests);
  if (f['label']?.length) tests.push((c) => matchesLabels(f['label'], c.record.config.Labels));
  addOrder(deps, f, tests);
  addPorts(f, tests);
  await addAncestor(deps, f, tests);
  await addNetworks(deps, f, tests);
  if (f['is-task']?.length && boolFilter(f, 'is-task', false)) tests.push(() => false);
  return (c) => tests.every((test) => test(c));
}

/** Values are regular expressions, as in Docker; one that is none is compared as text. */
function textMatches(text: string, pattern: string): boolean {
  if (text === pattern) return true;
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return text.includes(pattern);
  }
}

function checkStatuses(values: readonly string[]): void {
  for (const value of values) if (!STATUSES.includes(value)) throw invalid(`invalid filter 'status=${value}'`);
}

function checkHealths(values: readonly string[]): void {
  for (const value of values) {
    if (!HEALTHS.includes(value)) throw invalid(`Unrecognised filter value for health: ${value}`);
  }
}

function addExited(f: Filters, tests: Predicate[]): void {
  const codes = f['exited']?.map((value) => {
    if (!/^-?\d+$/.test(value)) throw invalid(`strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
    return Number(value);
  });
  // "Exited with 0" needs a run: one that is only created does not count.
  if (codes?.length) tests.push((c) => c.status === 'exited' && codes.includes(c.record.state.exitCode));
}

function addOrder(deps: Deps, f: Filters, tests: Predicate[]): void {
  for (const key of ['before', 'since'] as const) {
    for (const ref of f[key] ?? []) {
      const other = deps.index.find(ref);
      if (!other) throw containerNotFound(ref);
      const created = parseNanos(other.record.created);
      tests.push((c) => {
        const own = parseNanos(c.record.created);
        return key === 'before' ? own < created : own > created;
      });
    }
  }
}

function addPorts(f: Filters, tests: Predicate[]): void {
  const portsOf = (key: string) => new Set((f[key] ?? []).flatMap((value) => expandRange(key, value)));
  const published = portsOf('publish');
  const exposed = portsOf('expose');
  if (published.size > 0) {
    tests.push((c) =>
      Object.entries(c.record.network.ports).some(
        ([port, bindings]) =>
          bindings?.length &&
          (published.has(port) || bindings.some((b) => published.has(`${b.HostPort}/${port.split('/')[1]}`))),
      ),
    );
  }
  if (exposed.size > 0) {
    tests.push((c) => Object.keys(c.record.config.ExposedPorts ?? {}).some((port) => exposed.has(port)));
  }
}

/** `80`, `80/udp`, `80-82/tcp`. A protocol nobody has matches nothing. */
function expandRange(key: string, value: string): string[] {
  const [ports = '', protocol = 'tcp'] = value.split('/');
  const [low = '', high = low] = ports.split('-');
  const [first, last] = [portNumber(low), portNumber(high)];
  const why = [first, last].find((port) => typeof port === 'string');
  if (why !== undefined) throw invalid(`error while looking up for ${key} ${value}: ${why}`);
  const count = Number(last) - Number(first) + 1;
  if (count < 1)
    throw invalid(`error while looking up for ${key} ${value}: invalid range specified for port: ${ports}`);
  return Array.from({ length: count }, (_, i) => `${Number(first) + i}/${protocol.toLowerCase()}`);
}

/** @returns the number, or why it is none in strconv's words */
function portNumber(text: string): number | string {
  const failed = (why: string) => `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`;
  if (!/^\d+$/.test(text)) return failed('invalid syntax');
  return Number(text) < 65536 ? Number(text) : failed('value out of range');
}

/** The image itself, or one whose layers the container's image starts with. A name that does not exist matches nothing. */
async function addAncestor(deps: Deps, f: Filters, tests: Predicate[]): Promise<void> {
  const refs = f['ancestor'];
  if (!refs?.length) return;
  const ids = new Set<string>();
  const bases: string[] = [];
  for (const ref of refs) {
    const image = await deps.images.resolve(ref).catch(ignoreMissing);
    if (!image) continue;
    ids.add(image.id);
    bases.push(image.diffIds.join());
  }
  const matching = new Set(ids);
  for (const id of new Set([...deps.index.values()].map((c) => c.record.imageId))) {
    if (ids.has(id)) continue;
    const image = await deps.images.resolve(id).catch(ignoreMissing);
    const layers = image?.diffIds.join();
    if (layers && bases.some((base) => base !== '' && (layers === base || layers.startsWith(`${base},`))))
      matching.add(id);
  }
  tests.push((c) => matching.has(c.record.imageId));
}

async function addNetworks(deps: Deps, f: Filters, tests: Predicate[]): Promise<void> {
  const refs = f['network'];
  if (!refs?.length) return;
  const found = await Promise.all(refs.map((ref) => deps.networks.resolve(ref).catch(ignoreMissing)));
  const names = new Set([...refs, ...found.flatMap((n) => (n ? [n.Name, n.Id] : []))]);
  tests.push((c) =>
    Object.entries(c.record.network.networks).some(([name, e]) => names.has(name) || names.has(e.NetworkID)),
  );
}

function ignoreMissing(err: unknown): undefined {
  const { code } = asDockerError(err);
  if (code !== 'NotFound' && code !== 'InvalidParameter') throw err;
  return undefined;
}

/** Filters of prune: `until` (older than) and `label`, `label!`. @throws InvalidParameter */
export function compilePruneFilters(f: Filters): Predicate {
  checkFilterKeys(f, ['until', 'label', 'label!']);
  const until = untilMillis(f);
  const limit = until === undefined ? undefined : BigInt(Math.round(until)) * 1_000_000n;
  return (c) =>
    (limit === undefined || parseNanos(c.record.created) < limit) &&
    matchesLabels(f['label'], c.record.config.Labels) &&
    !(f['label!'] ?? []).some((label) => matchesLabels([label], c.record.config.Labels));
}
