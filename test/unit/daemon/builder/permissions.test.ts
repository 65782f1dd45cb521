import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePermissions } from '../../../../packages/daemon/src/builder/permissions.ts';

const FILES: [text: string, before: number, after: number][] = [
  ['755', 0o600, 0o755],
  ['0755', 0o600, 0o755],
  ['7777', 0, 0o7777],
  ['u+x', 0o644, 0o744],
  ['+x', 0o644, 0o755],
  ['a-w', 0o666, 0o444],
  ['u=rwX,go=rX', 0o600, 0o644],
  ['u=rwX,go=rX', 0o700, 0o755],
  ['go=u', 0o750, 0o777],
  ['g=o', 0o704, 0o744],
  ['u+s,g+s,+t', 0o755, 0o7755],
  ['o+s', 0o755, 0o755],
  ['u=', 0o755, 0o055],
  ['u+r-x', 0o311, 0o611],
];

test('permissions of a file, in octal and as changes', () => {
  for (const [text, before, after] of FILES)
    assert.equal(
      parsePermissions(text)(before, false).toString(8),
      after.toString(8),
      `${text} of ${before.toString(8)}`,
    );
});

test('X means every directory, whose set-id bits stay', () => {
  assert.equal(parsePermissions('u=rwX,go=rX')(0o600, true), 0o755);
  assert.equal(parsePermissions('g=rx')(0o2700, true), 0o2750);
});

test('what is neither is refused', () => {
  for (const text of ['8', '10000', '17777', '099'])
    assert.throws(() => parsePermissions(text), /it should be octal string and between 0 and 07777/, text);
  for (const text of ['', 'rwx', 'u', 'q=r', 'u=rq', 'u=r,', 'u=ru'])
    assert.throws(() => parsePermissions(text), /invalid chmod parameter/, text);
});
