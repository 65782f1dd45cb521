import type { components } from './engine-api.gen.ts';

/** One event of SystemEvents (GET /events). `time` seconds, `timeNano` nanoseconds since the epoch. */
export type EventMessage = components['schemas']['EventMessage'];
