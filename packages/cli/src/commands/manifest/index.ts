import type { CommandGroup } from '../../command.ts';

export const manifestGroup: CommandGroup = {
  name: 'manifest',
  summary: 'Manage manifests of images and lists of them',
  commands: [
    {
      name: 'annotate',
      summary: 'Say more of an image in a local manifest list',
      load: async () => (await import('./annotate.ts')).command,
    },
    {
      name: 'create',
      summary: 'Make a local manifest list, to be annotated and pushed',
      load: async () => (await import('./create.ts')).command,
    },
    {
      name: 'inspect',
      summary: 'Show a manifest or a manifest list',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'push', summary: 'Push a manifest list', load: async () => (await import('./push.ts')).command },
    { name: 'rm', summary: 'Remove local manifest lists', load: async () => (await import('./rm.ts')).command },
  ],
};
