import type { CommandGroup } from '../../command.ts';

export const checkpointGroup: CommandGroup = {
  name: 'checkpoint',
  summary: 'Manage checkpoints',
  commands: [
    {
      name: 'create',
      summary: 'Make a checkpoint of a container',
      load: async () => (await import('./create.ts')).command,
    },
    { name: 'ls', aliases: ['list'], summary: 'List checkpoints', load: async () => (await import('./ls.ts')).command },
    {
      name: 'rm',
      aliases: ['remove'],
      summary: 'Remove a checkpoint',
      load: async () => (await import('./rm.ts')).command,
    },
  ],
};
