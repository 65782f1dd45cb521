import type { CommandGroup } from '../../command.ts';

export const networkGroup: CommandGroup = {
  name: 'network',
  summary: 'Manage networks',
  commands: [
    {
      name: 'inspect',
      summary: 'Show all there is to know of networks',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'ls', aliases: ['list'], summary: 'List networks', load: async () => (await import('./ls.ts')).command },
  ],
};
