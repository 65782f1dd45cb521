import type { components } from './engine-api.gen.ts';

type Schemas = components['schemas'];

/** Container defaults an image carries (the `config` member of the OCI image configuration). */
export type ImageConfig = Partial<Schemas['ImageConfig']>;
export type ImageInspect = Schemas['ImageInspect'];
export type ImageSummary = Schemas['ImageSummary'];
export type ImageDeleteResponseItem = Schemas['ImageDeleteResponseItem'];
export type ImageHistoryItem = Schemas['ImageHistoryResponseItem'];

/** One object of a progress stream (ImageCreate, ImageLoad, ...). */
export interface ProgressMessage {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number; units?: string } | Record<string, never>;
  /** Docker's ready-made bar; old clients print it. */
  progress?: string;
  stream?: string;
  aux?: unknown;
  errorDetail?: { code?: number; message: string };
  error?: string;
}
