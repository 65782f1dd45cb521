/** The `--format` and `--filter`-like flags that many commands share. */
import type { FlagSpec } from '../command.ts';

/** For listings. */
export const LIST_FORMAT: FlagSpec = {
  name: 'format',
  kind: 'string',
  description: [
    'How to print:',
    "'table': columns with a header (default)",
    "'table TEMPLATE': columns by a Go template",
    "'json': one JSON object a line",
    "'TEMPLATE': a Go template for each item",
  ].join('\n'),
};

/** For single objects. */
export const OBJECT_FORMAT: FlagSpec = {
  name: 'format',
  short: 'f',
  kind: 'string',
  description: "How to print:\n'json': one line of JSON\n'TEMPLATE': a Go template",
};

export const NO_TRUNC: FlagSpec = { name: 'no-trunc', kind: 'bool', description: 'Print long values whole' };
