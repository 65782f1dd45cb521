/** The flags of `build`. */
import { parseUlimit } from '@tsdocker/shared/ulimit.ts';
import type { FlagSpec } from '../command.ts';
import { parseAddHost } from '../flags/add-host.ts';
import { parseBytes, parseMemorySwap } from '../flags/bytes.ts';
import { checkLabel } from '../flags/label.ts';

const list = (name: string, description: string, more: Partial<FlagSpec> = {}): FlagSpec => ({
  name,
  kind: 'list',
  description,
  ...more,
});
const text = (name: string, description: string, more: Partial<FlagSpec> = {}): FlagSpec => ({
  name,
  kind: 'string',
  description,
  ...more,
});
const flag = (name: string, description: string, more: Partial<FlagSpec> = {}): FlagSpec => ({
  name,
  kind: 'bool',
  description,
  ...more,
});

export const BUILD_FLAGS: FlagSpec[] = [
  list('add-host', 'A host name and its address, for RUN (`host:ip`)', { parse: parseAddHost }),
  list('allow', 'Let RUN do more (`network.host`, `security.insecure`)', { valueName: 'stringArray' }),
  list('build-arg', 'Set a variable of the Dockerfile'),
  list('build-context', 'A further context (`name=path`)', { valueName: 'stringArray' }),
  list('cache-from', 'Where else results may be found', { valueName: 'stringSlice' }),
  list('cache-to', 'Where results are written to', { valueName: 'stringArray' }),
  text('call', 'What is asked for (`build`, `check`, `outline`, `targets`)', { default: 'build' }),
  text('cgroup-parent', 'Control group above those of RUN'),
  flag('check', 'Check the Dockerfile and build nothing (`--call=check`)'),
  flag('compress', 'Compress the context on its way', { hidden: true }),
  { name: 'cpu-period', kind: 'int', default: 0, description: 'Length of a CPU period, microseconds' },
  { name: 'cpu-quota', kind: 'int', default: 0, description: 'CPU time in each period, microseconds' },
  { name: 'cpu-shares', short: 'c', kind: 'int', default: 0, description: 'CPU weight against others' },
  text('cpuset-cpus', 'CPUs that RUN may use (`0-3`, `0,1`)'),
  text('cpuset-mems', 'Memory nodes that RUN may use (`0-3`, `0,1`)'),
  flag('disable-content-trust', 'Without effect', { default: true, hidden: true }),
  text('file', 'The Dockerfile (default `PATH/Dockerfile`)', { short: 'f' }),
  flag('force-rm', 'Always remove the containers of steps', { hidden: true }),
  text('iidfile', 'Write the id of the image to this file'),
  text('isolation', 'Isolation technology', { hidden: true }),
  list('label', 'Set metadata of the image', { parse: checkLabel }),
  flag('load', 'Put the image into the store of this daemon, as is done anyway'),
  {
    name: 'memory',
    short: 'm',
    kind: 'custom',
    valueName: 'bytes',
    description: 'Memory limit of RUN',
    parse: parseBytes,
  },
  {
    name: 'memory-swap',
    kind: 'custom',
    valueName: 'bytes',
    description: 'Memory and swap of RUN; -1 for no limit',
    parse: parseMemorySwap,
  },
  text('metadata-file', 'Write what was built to this file, as JSON'),
  text('network', 'Network of RUN', { default: 'default' }),
  flag('no-cache', 'Take nothing out of the cache'),
  list('no-cache-filter', 'Stages that take nothing out of the cache', { valueName: 'stringArray' }),
  list('output', 'Where the result goes (`type=image`)', { short: 'o', valueName: 'stringArray' }),
  text('platform', 'Platform of the result (`linux/arm64`)'),
  text('print', 'The same as --call', { hidden: true }),
  text('progress', 'How it is shown (`auto`, `plain`, `tty`, `quiet`, `rawjson`)', { default: 'auto' }),
  flag('pull', 'Ask the registry for newer base images'),
  flag('push', 'Push the result to its registry'),
  flag('quiet', 'Print the id of the image and nothing else', { short: 'q' }),
  flag('rm', 'Remove the containers of steps', { default: true, hidden: true }),
  list('secret', 'A secret for RUN (`id=name,src=file`, `id=name,env=NAME`)', { valueName: 'stringArray' }),
  list('security-opt', 'Security options', { valueName: 'stringSlice' }),
  { name: 'shm-size', kind: 'custom', valueName: 'bytes', description: 'Size of /dev/shm of RUN', parse: parseBytes },
  flag('squash', 'Make one layer of all new ones'),
  list('ssh', 'An agent or keys for RUN (`default`)', { valueName: 'stringArray' }),
  list('tag', 'Name of the image (`name:tag`)', { short: 't' }),
  text('target', 'The stage to build'),
  { name: 'ulimit', kind: 'list', valueName: 'ulimit', description: 'Ulimits of RUN', parse: parseUlimit },
];
