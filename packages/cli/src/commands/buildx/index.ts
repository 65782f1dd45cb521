import type { CommandGroup } from '../../command.ts';

/** What scripts call by the name of docker's plugin; the builder is the same. */
export const buildxGroup: CommandGroup = {
  name: 'buildx',
  summary: 'Build images',
  commands: [
    {
      name: 'build',
      aliases: ['b'],
      summary: 'Start a build',
      load: async () => (await import('../image/build.ts')).command,
    },
    { name: 'prune', summary: 'Remove build cache', load: async () => (await import('../builder/prune.ts')).command },
  ],
};
