/** How a step is written into an image's history: as BuildKit does, or as the classic builder does. */
import type { Instruction } from '../dockerfile/instructions/types.ts';

export type HistoryStyle = 'buildkit' | 'classic';

export const BUILDKIT_COMMENT = 'buildkit.dockerfile.v0';

/**
 * `created_by` of an instruction that runs nothing.
 * @param text the instruction with its variables put in
 * @param shell what the classic style begins with
 */
export function metadataEntry(style: HistoryStyle, keyword: string, text: string, shell: readonly string[]): string {
  if (style === 'buildkit') return `${keyword} ${text}`;
  // Only what the classic builder prepares a container for has one blank.
  const blank = keyword === 'WORKDIR' ? ' ' : '  ';
  return `${shell.join(' ')} #(nop)${blank}${keyword} ${text}`;
}

/** A list of words: as JSON, or as Go prints quoted strings. */
export function wordList(style: HistoryStyle, words: readonly string[]): string {
  return style === 'buildkit' ? JSON.stringify(words) : `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
}

/** `created_by` of a RUN. @param args `NAME=value` of the ARGs it saw */
export function runEntry(style: HistoryStyle, argv: readonly string[], args: readonly string[]): string {
  const words = args.length > 0 ? [`|${args.length}`, ...args, ...argv] : argv;
  return style === 'buildkit' ? `RUN ${words.join(' ')} # buildkit` : words.join(' ');
}

/** `created_by` of a COPY or ADD. @param digest of what was copied, for the classic style */
export function copyEntry(
  style: HistoryStyle,
  instruction: Instruction & { kind: 'COPY' | 'ADD' },
  copied: { sources: readonly string[]; dest: string; digest: string; kind: 'file' | 'dir' | 'multi' },
  shell: readonly string[],
): string {
  const { kind, flags } = instruction;
  if (style === 'classic') {
    const owner = flags.chown ? `--chown=${flags.chown}` : '';
    return `${shell.join(' ')} #(nop) ${kind} ${owner}${copied.kind}:${copied.digest} in ${copied.dest} `;
  }
  const parents = flags.parents ? '--parents ' : '';
  const chown = flags.chown ? `--chown=${flags.chown} ` : '';
  const chmod = flags.chmod ? `--chmod=${flags.chmod} ` : '';
  return `${kind} ${parents}${chown}${chmod}${[...copied.sources, copied.dest].join(' ')} # buildkit`;
}
