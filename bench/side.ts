/** One of the two that are compared. */
import type { Engine } from '../test/support/engines.ts';
import type { EngineApi } from './engine-api.ts';

export interface Side {
  name: string;
  engine: Engine;
  client: string;
  api: EngineApi;
  /** Matches the per-container helper processes. */
  shims: RegExp;
  daemons: RegExp;
}
