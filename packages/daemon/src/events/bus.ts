/**
 * The event bus. It keeps the last 256 events for `since`, and hands new ones to its subscribers without ever waiting:
 * a subscriber whose queue is full loses the event.
 */

import type { Filters } from '@tsdocker/shared/filters.ts';
import type { EventMessage } from '@tsdocker/shared/types/events.ts';
import type { EventSink, NewEvent } from './events.ts';
import { eventMatcher } from './filter.ts';

const HISTORY_EVENTS = 256;
/** What one slow client may have waiting. */
const QUEUE_EVENTS = 1024;

export interface SubscribeOptions {
  /** Nanoseconds since the epoch. Past events from here on come first; undefined: only new ones. */
  since?: bigint | undefined;
  /** Nanoseconds since the epoch; the subscription ends then. */
  until?: bigint | undefined;
  filters: Filters;
  signal?: AbortSignal;
}

/** Events as SystemEvents sends them, of the newest API version. */
export type BusEvent = Required<EventMessage>;

interface Subscriber {
  push(event: BusEvent): void;
}

export class EventBus implements EventSink {
  #history: BusEvent[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #lastNanos = 0n;

  publish(event: NewEvent): void {
    const nanos = this.#now();
    const message: BusEvent = {
      Type: event.type,
      Action: event.action,
      Actor: { ID: event.id, Attributes: event.attributes },
      scope: 'local',
      time: Number(nanos / 1_000_000_000n),
      timeNano: Number(nanos),
    };
    this.#history.push(message);
    if (this.#history.length > HISTORY_EVENTS) this.#history.shift();
    for (const subscriber of this.#subscribers) subscriber.push(message);
  }

  /** Number of open subscriptions, for info. */
  get listeners(): number {
    return this.#subscribers.size;
  }

  /** Subscribed when this returns, not at the first read. @throws InvalidParameter for an unknown filter */
  subscribe(opts: SubscribeOptions): AsyncIterable<BusEvent> {
    const matches = eventMatcher(opts.filters);
    const isInTime = (event: BusEvent): boolean =>
      (opts.since === undefined || event.timeNano >= Number(opts.since)) &&
      (opts.until === undefined || event.timeNano <= Number(opts.until));
    const past = opts.since === undefined && opts.until === undefined ? [] : this.#history;
    const queue = new EventQueue(past.filter((event) => isInTime(event) && matches(event)));
    const subscriber: Subscriber = { push: (event) => void (isInTime(event) && matches(event) && queue.push(event)) };
    this.#subscribers.add(subscriber);
    const leave = endWhen(opts, queue);
    return queue.events(() => {
      leave();
      this.#subscribers.delete(subscriber);
    });
  }

  /** Strictly increasing: two events never share a time, so `since` the last one seen repeats at most that one. */
  #now(): bigint {
    const nanos = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
    this.#lastNanos = nanos > this.#lastNanos ? nanos : this.#lastNanos + 1n;
    return this.#lastNanos;
  }
}

/** Timers hold at most 2^31-1 ms. */
const MAX_TIMEOUT_MILLIS = 2 ** 31 - 1;

function endWhen(opts: SubscribeOptions, queue: EventQueue): () => void {
  const end = (): void => queue.end();
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const millis = Number(opts.until! / 1_000_000n) - Date.now();
    if (millis <= 0) end();
    else timer = setTimeout(arm, Math.min(millis, MAX_TIMEOUT_MILLIS)).unref();
  };
  if (opts.until !== undefined) arm();
  if (opts.signal?.aborted) end();
  opts.signal?.addEventListener('abort', end);
  return () => {
    clearTimeout(timer);
    opts.signal?.removeEventListener('abort', end);
  };
}

/** Events between the bus and one reader. */
class EventQueue {
  readonly #events: BusEvent[];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(first: BusEvent[]) {
    this.#events = first;
  }

  push(event: BusEvent): void {
    if (this.#ended || this.#events.length >= QUEUE_EVENTS) return;
    this.#events.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *events(onClose: () => void): AsyncGenerator<BusEvent> {
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event) yield event;
        else if (this.#ended) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      onClose();
    }
  }
}
