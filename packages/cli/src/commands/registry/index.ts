import type { CommandEntry } from '../../command.ts';

export const registryCommands: CommandEntry[] = [
  { name: 'login', summary: 'Keep credentials for a registry', load: async () => (await import('./login.ts')).command },
  {
    name: 'logout',
    summary: 'Forget the credentials of a registry',
    load: async () => (await import('./logout.ts')).command,
  },
];
