import type { FlagSpec } from '../../command.ts';

export const DIRECTORY_FLAG: FlagSpec = {
  name: 'checkpoint-dir',
  kind: 'string',
  description: 'Where checkpoints are kept, in place of the default',
};
