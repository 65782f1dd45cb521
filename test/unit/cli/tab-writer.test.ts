import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignTabs } from '../../../packages/cli/src/format/tab-writer.ts';

const rows: [name: string, input: string, output: string][] = [
  [
    'cells get three blanks, at least ten columns, the last none',
    'A\tLONG HEADER\tB\nx\ty\tz\n',
    'A         LONG HEADER   B\nx         y             z\n',
  ],
  ['a line without tabs ends a column', 'aaaaaaaaaaaa\tb\n\nc\td\n', 'aaaaaaaaaaaa   b\n\nc         d\n'],
  ['characters count, not bytes', '…\tb\n', '…         b\n'],
  ['an empty cell keeps its column', 'A\t\tC\nx\ty\tz\n', 'A                   C\nx         y         z\n'],
];
for (const [name, input, output] of rows) test(name, () => assert.equal(alignTabs(input), output));

test('a listing may have any number of lines', () => {
  const count = 200_000;
  assert.equal(alignTabs('a\tb\n'.repeat(count)), `${`a${' '.repeat(9)}b\n`.repeat(count)}`);
});
