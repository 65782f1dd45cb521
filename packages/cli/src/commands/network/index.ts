import type { CommandGroup } from '../../command.ts';

export const networkGroup: CommandGroup = {
  name: 'network',
  summary: 'Manage networks',
  commands: [
    {
      name: 'connect',
      summary: 'Put a container on a network',
      load: async () => (await import('./connect.ts')).command,
    },
    { name: 'create', summary: 'Make a network', load: async () => (await import('./create.ts')).command },
    {
      name: 'disconnect',
      summary: 'Take a container off a network',
      load: async () => (await import('./disconnect.ts')).command,
    },
    {
      name: 'inspect',
      summary: 'Show all there is to know of networks',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'ls', aliases: ['list'], summary: 'List networks', load: async () => (await import('./ls.ts')).command },
    { name: 'prune', summary: 'Remove all unused networks', load: async () => (await import('./prune.ts')).command },
    {
      name: 'rm',
      aliases: ['remove'],
      summary: 'Remove networks',
      load: async () => (await import('./rm.ts')).command,
    },
  ],
};
