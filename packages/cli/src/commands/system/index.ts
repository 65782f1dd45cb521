import type { CommandEntry, CommandGroup } from '../../command.ts';

export const systemGroup: CommandGroup = {
  name: 'system',
  summary: 'See what the daemon does and uses',
  commands: [
    { name: 'df', summary: 'Show what is used on disk', load: async () => (await import('./df.ts')).command },
    {
      name: 'events',
      summary: 'Print what happens, as it happens',
      load: async () => (await import('./events.ts')).command,
    },
    {
      name: 'info',
      summary: 'Show the state of the daemon and its host',
      load: async () => (await import('./info.ts')).command,
    },
    { name: 'prune', summary: 'Remove what is not used', load: async () => (await import('./prune.ts')).command },
  ],
};

/** Of no group. */
export const systemCommands: CommandEntry[] = [
  {
    name: 'inspect',
    summary: 'Show all there is to know of any object',
    load: async () => (await import('./inspect.ts')).command,
  },
  {
    name: 'version',
    summary: 'Show the versions of client and daemon',
    load: async () => (await import('./version.ts')).command,
  },
];
