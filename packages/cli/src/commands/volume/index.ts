import type { CommandGroup } from '../../command.ts';

export const volumeGroup: CommandGroup = {
  name: 'volume',
  summary: 'Manage volumes',
  commands: [
    { name: 'create', summary: 'Make a volume', load: async () => (await import('./create.ts')).command },
    {
      name: 'inspect',
      summary: 'Show all there is to know of volumes',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'ls', aliases: ['list'], summary: 'List volumes', load: async () => (await import('./ls.ts')).command },
    { name: 'prune', summary: 'Remove unused volumes', load: async () => (await import('./prune.ts')).command },
    { name: 'rm', aliases: ['remove'], summary: 'Remove volumes', load: async () => (await import('./rm.ts')).command },
    { name: 'update', summary: 'Change a cluster volume', load: async () => (await import('./update.ts')).command },
  ],
};
