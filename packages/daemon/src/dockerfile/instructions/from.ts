import { invalid } from '../errors.ts';
import type { Statement } from '../parse.ts';
import { readFlags } from './flags.ts';
import type { FromInstruction } from './types.ts';

const NAME = /^[a-z][a-z0-9-_.]*$/;

/** `FROM [--platform=P] IMAGE [AS name]`. @throws InvalidParameter */
export function parseFrom(statement: Statement): FromInstruction {
  const platform = readFlags(statement.flags, { platform: 'text' }).text('platform');
  const [image, as, name, ...rest] = statement.args.split(/\s+/);
  if (!image || rest.length > 0 || (as !== undefined && (as.toLowerCase() !== 'as' || !name)))
    throw invalid('FROM requires either one or three arguments');
  const lower = name?.toLowerCase();
  if (lower !== undefined && !NAME.test(lower)) {
    throw invalid(`invalid name for build stage: "${name}", name can't start with a number or contain symbols`);
  }
  return { kind: 'FROM', image, ...(lower && { name: lower }), ...(platform && { platform }) };
}
