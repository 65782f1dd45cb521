import type { CommandGroup } from '../../command.ts';

export const containerGroup: CommandGroup = {
  name: 'container',
  summary: 'Manage containers',
  commands: [
    {
      name: 'attach',
      summary: "Connect this terminal to a running container's streams",
      load: async () => (await import('./attach.ts')).command,
    },
    {
      name: 'commit',
      summary: 'Make an image of what a container changed',
      load: async () => (await import('./commit.ts')).command,
    },
    {
      name: 'cp',
      summary: 'Copy files between a container and this machine',
      load: async () => (await import('./cp.ts')).command,
    },
    {
      name: 'create',
      summary: 'Make a container without starting it',
      load: async () => (await import('./create.ts')).command,
    },
    {
      name: 'diff',
      summary: "List what changed in a container's root file system",
      load: async () => (await import('./diff.ts')).command,
    },
    {
      name: 'exec',
      summary: 'Run a command in a running container',
      load: async () => (await import('./exec.ts')).command,
    },
    {
      name: 'export',
      summary: "Write a container's root file system to an archive",
      load: async () => (await import('./export.ts')).command,
    },
    {
      name: 'inspect',
      summary: 'Show all there is to know of containers',
      load: async () => (await import('./inspect.ts')).command,
    },
    { name: 'kill', summary: 'Kill running containers', load: async () => (await import('./kill.ts')).command },
    { name: 'logs', summary: 'Print the logs of a container', load: async () => (await import('./logs.ts')).command },
    {
      name: 'ls',
      aliases: ['list', 'ps'],
      summary: 'List containers',
      load: async () => (await import('./ls.ts')).command,
    },
    {
      name: 'pause',
      summary: 'Pause all processes of containers',
      load: async () => (await import('./pause.ts')).command,
    },
    {
      name: 'port',
      summary: 'Show published ports, or where one of them is',
      load: async () => (await import('./port.ts')).command,
    },
    { name: 'prune', summary: 'Remove all stopped containers', load: async () => (await import('./prune.ts')).command },
    {
      name: 'rename',
      summary: 'Give a container another name',
      load: async () => (await import('./rename.ts')).command,
    },
    {
      name: 'restart',
      summary: 'Stop containers and start them again',
      load: async () => (await import('./restart.ts')).command,
    },
    {
      name: 'rm',
      aliases: ['remove'],
      summary: 'Remove containers',
      load: async () => (await import('./rm.ts')).command,
    },
    {
      name: 'run',
      summary: 'Make a container from an image and run it',
      load: async () => (await import('./run.ts')).command,
    },
    { name: 'start', summary: 'Start stopped containers', load: async () => (await import('./start.ts')).command },
    {
      name: 'stats',
      summary: 'Show what containers use, live',
      load: async () => (await import('./stats.ts')).command,
    },
    { name: 'stop', summary: 'Stop running containers', load: async () => (await import('./stop.ts')).command },
    { name: 'top', summary: 'Show the processes of a container', load: async () => (await import('./top.ts')).command },
    {
      name: 'unpause',
      summary: 'Let paused containers go on',
      load: async () => (await import('./unpause.ts')).command,
    },
    {
      name: 'update',
      summary: 'Change limits and restart policy of containers',
      load: async () => (await import('./update.ts')).command,
    },
    {
      name: 'wait',
      summary: 'Wait for containers to end and print their exit codes',
      load: async () => (await import('./wait.ts')).command,
    },
  ],
};
