/** fstab words of a mount, taken apart into what the new mount API wants. Pure. */

/** mount_setattr(2) MOUNT_ATTR_* */
export const ATTR = {
  readOnly: 0x1,
  noSuid: 0x2,
  noDev: 0x4,
  noExec: 0x8,
  noAtime: 0x10,
  strictAtime: 0x20,
  noDirAtime: 0x80,
  noSymFollow: 0x200000,
  atimeMask: 0x70,
} as const;

export interface MountOptions {
  set: number;
  clear: number;
  /** Attributes hold for all submounts. */
  recursiveAttributes: boolean;
  /** Owners are those of the container's user namespace. */
  mapped: boolean;
  /** The bind takes submounts along. */
  recursive: boolean;
  /** MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE or 0. */
  propagation: number;
  propagationRecursive: boolean;
  /** What the file system itself gets: `key=value` or `flag`. */
  data: string[];
}

const SET: Record<string, number> = {
  ro: ATTR.readOnly,
  nosuid: ATTR.noSuid,
  nodev: ATTR.noDev,
  noexec: ATTR.noExec,
  nodiratime: ATTR.noDirAtime,
  nosymfollow: ATTR.noSymFollow,
};
const CLEAR: Record<string, number> = {
  rw: ATTR.readOnly,
  suid: ATTR.noSuid,
  dev: ATTR.noDev,
  exec: ATTR.noExec,
  diratime: ATTR.noDirAtime,
  symfollow: ATTR.noSymFollow,
};
const ATIME: Record<string, number> = {
  relatime: 0,
  norelatime: 0,
  atime: 0,
  noatime: ATTR.noAtime,
  strictatime: ATTR.strictAtime,
};
const PROPAGATION: Record<string, number> = { private: 1 << 18, slave: 1 << 19, shared: 1 << 20, unbindable: 1 << 17 };
/** Accepted and without effect on a mount. */
const IGNORED = new Set([
  'defaults',
  'bind',
  'async',
  'loud',
  'nomand',
  'mand',
  'noiversion',
  'iversion',
  'auto',
  'noauto',
]);

/** Later words win over earlier ones, as with mount(8). */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const result: MountOptions = {
    set: 0,
    clear: 0,
    recursiveAttributes: false,
    mapped: false,
    recursive: false,
    propagation: 0,
    propagationRecursive: false,
    data: [],
  };
  for (const option of options) applyOption(result, option);
  return result;
}

function applyOption(result: MountOptions, option: string): void {
  if (option === '' || IGNORED.has(option)) return;
  if (option === 'rbind') {
    result.recursive = true;
    return;
  }
  if (option === 'idmap') {
    result.mapped = true;
    return;
  }
  // `rro`: as `ro`, with everything below; likewise `rprivate`.
  const recursiveWord = option.startsWith('r') ? option.slice(1) : '';
  const propagation = PROPAGATION[option] ?? PROPAGATION[recursiveWord];
  if (propagation !== undefined) {
    result.propagation = propagation;
    result.propagationRecursive = !(option in PROPAGATION);
    return;
  }
  const word = isAttribute(option) ? option : isAttribute(recursiveWord) ? recursiveWord : undefined;
  if (word === undefined) {
    result.data.push(option);
    return;
  }
  if (word !== option) result.recursiveAttributes = true;
  setAttribute(result, word);
}

const isAttribute = (word: string): boolean => word in SET || word in CLEAR || word in ATIME;

function setAttribute(result: MountOptions, word: string): void {
  const set = SET[word];
  const clear = CLEAR[word];
  if (set !== undefined) {
    result.set |= set;
    result.clear &= ~set;
  } else if (clear !== undefined) {
    result.clear |= clear;
    result.set &= ~clear;
  } else {
    // The access time mode is a number in three bits: all of them are cleared to set it.
    result.set = (result.set & ~ATTR.atimeMask) | (ATIME[word] ?? 0);
    result.clear |= ATTR.atimeMask;
  }
}
