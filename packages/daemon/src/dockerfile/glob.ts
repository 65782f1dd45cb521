/** Shell globs of `${v#p}` and friends, as regular expressions. */

/**
 * `*` and `?` and nothing else; a backslash takes the meaning from what follows.
 * @param greedy `*` takes as much as it can
 */
export function shellGlob(pattern: string, opts: { greedy: boolean; anchor: 'start' | 'end' | 'none' }): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '*') source += opts.greedy ? '[^]*' : '[^]*?';
    else if (c === '?') source += '[^]';
    else if (c === '\\' && i + 1 < pattern.length) source += literal(pattern[++i] as string);
    else source += literal(c);
  }
  return new RegExp(`${opts.anchor === 'start' ? '^' : ''}(?:${source})${opts.anchor === 'end' ? '$' : ''}`, 'u');
}

const literal = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
