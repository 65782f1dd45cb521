/** mount(8) words of a tmpfs: later ones replace what they contradict. */
import { DockerError } from '@tsdocker/shared/errors.ts';

const FLAGS = [
  ['ro', 'rw'],
  ['exec', 'noexec'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['async', 'sync'],
  ['atime', 'noatime'],
  ['diratime', 'nodiratime'],
  ['relatime', 'norelatime'],
  ['strictatime', 'nostrictatime'],
  ['mand', 'nomand'],
  ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'],
];
const GROUP = new Map(FLAGS.flatMap((words, i) => words.map((word) => [word, `flag ${i}`] as const)));
const DATA = new Set(['mode', 'uid', 'gid', 'mpol', 'nr_inodes', 'nr_blocks', 'size', 'huge']);
/** Words that add nothing; they would otherwise be taken for file system data. */
const NEUTRAL = new Set(['defaults', 'bind', 'rbind', 'remount']);

/** @throws InvalidParameter `invalid tmpfs option "x"` */
export function mergeMountOptions(defaults: readonly string[], given: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const option of [...defaults, ...given]) {
    if (NEUTRAL.has(option)) continue;
    const name = option.split('=', 1)[0]!;
    const known = GROUP.get(option) ?? (DATA.has(name) && option.includes('=') ? `data ${name}` : undefined);
    if (!known) throw new DockerError('InvalidParameter', `invalid tmpfs option ${JSON.stringify(option)}`);
    merged.delete(known);
    merged.set(known, option);
  }
  return [...merged.values()];
}
