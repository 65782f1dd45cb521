import type { CommandGroup } from '../../command.ts';

export const contextGroup: CommandGroup = {
  name: 'context',
  summary: 'Manage the daemons this client knows',
  commands: [
    { name: 'create', summary: 'Make a context', load: async () => (await import('./create.ts')).command },
    {
      name: 'export',
      summary: 'Write a context to a tar archive',
      load: async () => (await import('./export.ts')).command,
    },
    {
      name: 'import',
      summary: 'Make a context of a tar or zip archive',
      load: async () => (await import('./import.ts')).command,
    },
    {
      name: 'inspect',
      summary: 'Show all there is to know of contexts',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'ls', aliases: ['list'], summary: 'List contexts', load: async () => (await import('./ls.ts')).command },
    {
      name: 'rm',
      aliases: ['remove'],
      summary: 'Remove contexts',
      load: async () => (await import('./rm.ts')).command,
    },
    {
      name: 'show',
      summary: 'Print the name of the current context',
      load: async () => (await import('./show.ts')).command,
    },
    { name: 'update', summary: 'Change a context', load: async () => (await import('./update.ts')).command },
    {
      name: 'use',
      summary: 'Make a context the current one',
      load: async () => (await import('./use.ts')).command,
    },
  ],
};
