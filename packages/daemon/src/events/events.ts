/**
 * The event bus. Holds the last 256 events; publishing never waits for a listener: one that cannot keep up loses events.
 * @see Engine API `SystemEvents`
 */
import type { EventMessage } from '@tsdocker/shared/types/events.ts';

/** What a domain publishes; the bus adds scope and time. */
export interface NewEvent {
  type: NonNullable<EventMessage['Type']>;
  action: string;
  id: string;
  attributes: Record<string, string>;
}

export interface EventSink {
  publish(event: NewEvent): void;
}
