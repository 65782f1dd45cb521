import type { CommandGroup } from '../../command.ts';

export const imageGroup: CommandGroup = {
  name: 'image',
  summary: 'Manage images',
  commands: [
    {
      name: 'build',
      summary: 'Build an image from a Dockerfile',
      load: async () => (await import('./build.ts')).command,
    },
    {
      name: 'history',
      summary: 'Show the layers of an image',
      load: async () => (await import('./history.ts')).command,
    },
    {
      name: 'import',
      summary: 'Make an image from a tar of a root file system',
      load: async () => (await import('./import.ts')).command,
    },
    {
      name: 'inspect',
      summary: 'Show all there is to know of images',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'load', summary: 'Load images from an archive', load: async () => (await import('./load.ts')).command },
    { name: 'ls', aliases: ['list'], summary: 'List images', load: async () => (await import('./ls.ts')).command },
    { name: 'prune', summary: 'Remove unused images', load: async () => (await import('./prune.ts')).command },
    { name: 'pull', summary: 'Get an image from a registry', load: async () => (await import('./pull.ts')).command },
    { name: 'push', summary: 'Send an image to a registry', load: async () => (await import('./push.ts')).command },
    { name: 'rm', aliases: ['remove'], summary: 'Remove images', load: async () => (await import('./rm.ts')).command },
    { name: 'save', summary: 'Write images to an archive', load: async () => (await import('./save.ts')).command },
    { name: 'tag', summary: 'Give an image another name', load: async () => (await import('./tag.ts')).command },
    {
      name: 'tree',
      summary: 'Show images as a tree of their layers',
      load: async () => (await import('./tree.ts')).command,
    },
  ],
};
