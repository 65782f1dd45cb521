/** The whole command surface as data; a command's file is loaded only when it is asked for. */
import type { CommandGroup } from '../command.ts';
import { builderGroup } from './builder/index.ts';
import { buildxGroup } from './buildx/index.ts';
import { checkpointGroup } from './checkpoint/index.ts';
import { containerGroup } from './container/index.ts';
import { contextGroup } from './context/index.ts';
import { imageGroup } from './image/index.ts';
import { manifestGroup } from './manifest/index.ts';
import { networkGroup } from './network/index.ts';
import { registryCommands } from './registry/index.ts';
import { systemCommands, systemGroup } from './system/index.ts';
import { volumeGroup } from './volume/index.ts';

export const GROUPS: readonly CommandGroup[] = [
  builderGroup,
  buildxGroup,
  checkpointGroup,
  containerGroup,
  contextGroup,
  imageGroup,
  manifestGroup,
  networkGroup,
  systemGroup,
  volumeGroup,
];

/** Commands of no group. */
export const TOP_LEVEL = [...systemCommands, ...registryCommands];

/** Short forms: name to the group and verb they stand for. */
export const SHORTCUTS: Readonly<Record<string, readonly [group: string, verb: string]>> = {
  attach: ['container', 'attach'],
  build: ['image', 'build'],
  commit: ['container', 'commit'],
  cp: ['container', 'cp'],
  create: ['container', 'create'],
  diff: ['container', 'diff'],
  events: ['system', 'events'],
  exec: ['container', 'exec'],
  export: ['container', 'export'],
  history: ['image', 'history'],
  images: ['image', 'ls'],
  import: ['image', 'import'],
  info: ['system', 'info'],
  kill: ['container', 'kill'],
  load: ['image', 'load'],
  logs: ['container', 'logs'],
  pause: ['container', 'pause'],
  port: ['container', 'port'],
  ps: ['container', 'ls'],
  pull: ['image', 'pull'],
  push: ['image', 'push'],
  rename: ['container', 'rename'],
  restart: ['container', 'restart'],
  rm: ['container', 'rm'],
  rmi: ['image', 'rm'],
  run: ['container', 'run'],
  save: ['image', 'save'],
  start: ['container', 'start'],
  stats: ['container', 'stats'],
  stop: ['container', 'stop'],
  tag: ['image', 'tag'],
  top: ['container', 'top'],
  unpause: ['container', 'unpause'],
  update: ['container', 'update'],
  wait: ['container', 'wait'],
};

/** First section of the help, in this order. */
export const COMMON = ['run', 'exec', 'ps', 'build', 'pull', 'push', 'images', 'login', 'logout', 'version', 'info'];
