import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ContextFiles } from '../../../../packages/daemon/src/builder/context.ts';
import { contextSource } from '../../../../packages/daemon/src/builder/copy-source.ts';
import { ExcludeList } from '../../../../packages/shared/src/path-patterns.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'tsd-context-'));
  mkdirSync(join(root, 'a/b'), { recursive: true });
  writeFileSync(join(root, 'a/x'), 'x');
  writeFileSync(join(root, 'a/b/y'), 'y');
  for (const [name, target] of [
    ['up', '../../../..'],
    ['absolute', '/a/b'],
    ['host', '/etc/passwd'],
    ['round', 'trip'],
    ['trip', 'round'],
    ['dangling', 'nothing'],
    ['a/sibling', '../a/x'],
  ] as const)
    symlinkSync(target, join(root, name));
});
after(() => rmSync(root, { recursive: true, force: true }));

const SELECTED: [string, string[]][] = [
  ['a/x', ['a/x']],
  ['/a/./x', ['a/x']],
  ['../../a/x', ['a/x']],
  ['up/a/x', ['a/x']],
  ['absolute/y', ['a/b/y']],
  ['a/sibling', ['a/x']],
  ['', ['']],
  ['a/*', ['a/b', 'a/x', 'a/x']],
  ['*/b/?', ['a/b/y']],
  ['**/y', ['a/b/y']],
];
for (const [source, real] of SELECTED) {
  test(`source ${source}`, () =>
    assert.deepEqual(
      new ContextFiles(root).select(source).map((p) => p.real),
      real,
    ));
}

for (const source of ['host', 'round', 'dangling', 'up/etc/passwd', 'a/x/y']) {
  test(`source ${source} is not there`, () => {
    assert.throws(() => new ContextFiles(root).select(source), { code: 'InvalidParameter', message: /: not found$/ });
  });
}

test('a pattern may fit nothing', () => {
  assert.deepEqual(new ContextFiles(root).select('no*'), []);
});

test('what is excluded is not there', () => {
  const files = new ContextFiles(root, new ExcludeList(['a/x', 'a/b']));
  assert.deepEqual(files.names('a'), ['sibling']);
  assert.throws(() => files.select('a/x'));
});

test('the digest stands for names, kinds, modes and content, not for times', () => {
  const digest = () => contextSource(new ContextFiles(root), { named: 'a', real: 'a' }).digest();
  const before = digest();
  utimesSync(join(root, 'a/x'), 1, 1);
  assert.equal(digest(), before);
  writeFileSync(join(root, 'a/x'), 'z');
  const changed = digest();
  assert.notEqual(changed, before);
  writeFileSync(join(root, 'a/new'), '');
  assert.notEqual(digest(), changed);
  rmSync(join(root, 'a/new'));
  writeFileSync(join(root, 'a/x'), 'x');
  assert.equal(digest(), before);
});
