import { invalid } from '../errors.ts';
import { heredocOpening } from '../heredoc.ts';
import type { Statement } from '../parse.ts';
import { splitWords } from '../split-words.ts';
import { type FlagKinds, readFlags } from './flags.ts';
import type { CopyInstruction } from './types.ts';

const SHARED: FlagKinds = { chown: 'text', chmod: 'text', link: 'bool', exclude: 'list' };
const FLAGS: Readonly<Record<CopyInstruction['kind'], FlagKinds>> = {
  COPY: { ...SHARED, from: 'text', parents: 'bool' },
  ADD: { ...SHARED, 'keep-git-dir': 'bool', checksum: 'text', unpack: 'bool' },
};

/** `COPY|ADD [flags] source... destination`. @throws InvalidParameter */
export function parseCopy(statement: Statement, escapeToken: string): CopyInstruction {
  const kind = statement.keyword as CopyInstruction['kind'];
  const flags = readFlags(statement.flags, FLAGS[kind]);
  const words = statement.json ?? splitWords(statement.args, escapeToken);
  const dest = words.at(-1);
  if (dest === undefined || words.length < 2)
    throw invalid(
      `${kind} requires at least two arguments, but only ${words.length} ${words.length === 1 ? 'was' : 'were'} provided. Destination could not be determined`,
    );
  if (!statement.json && heredocOpening(dest)) throw invalid(`${kind} cannot accept a heredoc as a destination`);
  const sources = words.slice(0, -1).filter((word) => statement.json || !heredocOpening(word));
  const from = flags.text('from');
  if (from?.includes('$')) throw invalid("'from' doesn't support variable expansion, define alias stage instead");
  const checksum = flags.text('checksum');
  if (checksum !== undefined && (sources.length !== 1 || statement.heredocs.length > 0))
    throw invalid('checksum can only be specified for a single source');
  const [chown, chmod] = [flags.text('chown'), flags.text('chmod')];
  const [keepGitDir, unpack] = [flags.bool('keep-git-dir'), flags.bool('unpack')];
  return {
    kind,
    sources,
    dest,
    files: statement.heredocs,
    flags: {
      link: flags.bool('link') ?? false,
      parents: flags.bool('parents') ?? false,
      exclude: flags.list('exclude'),
      ...(from !== undefined && { from }),
      ...(chown !== undefined && { chown }),
      ...(chmod !== undefined && { chmod }),
      ...(checksum !== undefined && { checksum }),
      ...(keepGitDir !== undefined && { keepGitDir }),
      ...(unpack !== undefined && { unpack }),
    },
  };
}
