import { parseReference, type Reference, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { FlagSpec } from '../../command.ts';

export const INSECURE_FLAG: FlagSpec = {
  name: 'insecure',
  kind: 'bool',
  description: 'Do without certificates, or without TLS',
};

/** A name of a manifest or a list of them, `latest` where nothing is said. @param what said in front of the error */
export function manifestReference(text: string, what = ''): Reference {
  try {
    return withDefaultTag(parseReference(text));
  } catch (err) {
    throw what === '' ? err : new Error(`${what}: ${(err as Error).message}`, { cause: err });
  }
}
