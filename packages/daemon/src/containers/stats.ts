/** ContainerStats: samples of a container, each with the one before for the client's percentages. */
import type { ContainerStats } from '@tsdocker/shared/types/container.ts';
import type { Container } from './container.ts';
import type { StatsCollector } from './stats-collector.ts';
import { type Sample, withPrevious } from './stats-sample.ts';

/** A shorter time between two samples says little of the CPU. */
const SHORTEST_SPAN_MS = 500;

export interface StatsOptions {
  stream: boolean;
  oneShot: boolean;
  signal?: AbortSignal;
}

/**
 * One sample a second, until it is removed; one that does not run gives empty samples, and others once it starts.
 * Not streaming: the second sample, so that precpu is filled; with oneShot, or when it does not run, the first.
 */
export async function* containerStats(
  collector: StatsCollector,
  c: Container,
  opts: StatsOptions,
): AsyncGenerator<ContainerStats> {
  let previous: Sample | undefined;
  for await (const sample of collector.follow(c, opts.signal)) {
    if (opts.stream) {
      yield withPrevious(sample, previous);
      previous = sample;
      continue;
    }
    const isPair = previous !== undefined && spanMillis(previous, sample) >= SHORTEST_SPAN_MS;
    if (opts.oneShot || isPair || c.run === undefined) return yield withPrevious(sample, previous);
    previous ??= sample;
  }
}

function spanMillis(from: Sample, to: Sample): number {
  return Date.parse(to.read ?? '') - Date.parse(from.read ?? '');
}
