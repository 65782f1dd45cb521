/** How a step is written into an image's history: as BuildKit does, or as the classic builder does. */
import type { Instruction } from '../dockerfile/instructions/types.ts';

export type HistoryStyle = 'buildkit' | 'classic';

export const BUILDKIT_COMMENT = 'buildkit.dockerfile.v0';

/** `created_by` of an instruction that makes no layer. @param text the instruction with its variables put in */
export function metadataEntry(style: HistoryStyle, keyword: string, text: string): string {
  return style === 'buildkit' ? `${keyword} ${text}` : `/bin/sh -c #(nop)  ${keyword} ${text}`;
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
): string {
  const { kind, flags } = instruction;
  if (style === 'classic') return `/bin/sh -c #(nop) ${kind} ${copied.kind}:${copied.digest} in ${copied.dest} `;
  const chown = flags.chown ? `--chown=${flags.chown} ` : '';
  const chmod = flags.chmod ? `--chmod=${flags.chmod} ` : '';
  return `${kind} ${chown}${chmod}${[...copied.sources, copied.dest].join(' ')} # buildkit`;
}
