import type { CommandGroup } from '../../command.ts';

export const builderGroup: CommandGroup = {
  name: 'builder',
  summary: 'Manage builds',
  commands: [
    {
      name: 'build',
      summary: 'Build an image from a Dockerfile',
      load: async () => (await import('../image/build.ts')).command,
    },
    { name: 'prune', summary: 'Remove build cache', load: async () => (await import('./prune.ts')).command },
  ],
};
