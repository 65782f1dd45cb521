import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExcludeList, pathPattern } from '../../../packages/shared/src/path-patterns.ts';

const MATCHES: [string, string[], string[]][] = [
  ['*.go', ['a.go', '.go'], ['a/b.go', 'a.gox']],
  ['a?c', ['abc'], ['ac', 'a/c', 'abbc']],
  ['**/x', ['x', 'a/x', 'a/b/x'], ['ax', 'x/a']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a']],
  ['a/**/z', ['a/z', 'a/b/c/z'], ['az', 'a/bz']],
  ['[a-c]x', ['ax', 'cx'], ['dx', '/x']],
  ['[^a]x', ['bx'], ['ax', '/x']],
  ['\\*', ['*'], ['a']],
  ['a.b+(c)', ['a.b+(c)'], ['axb+(c)']],
];
for (const [pattern, yes, no] of MATCHES) {
  test(`pattern ${pattern}`, () => {
    for (const path of yes) assert.ok(pathPattern(pattern).test(path), path);
    for (const path of no) assert.ok(!pathPattern(pattern).test(path), path);
  });
}

const EXCLUDED: [string[], string[], string[]][] = [
  [
    ['node_modules', '# x', '', '  '],
    ['node_modules', 'node_modules/a/b'],
    ['x', 'a/node_modules'],
  ],
  [['/build/', './tmp'], ['build', 'build/x', 'tmp'], ['a/build']],
  [
    ['*', '!src', 'src/secret'],
    ['a', 'src/secret', 'src/secret/b'],
    ['src', 'src/a/b'],
  ],
  [['**/*.md', '!README.md'], ['a.md', 'd/a.md', 'd/README.md'], ['README.md']],
  [['a/../b'], ['b'], ['a']],
];
for (const [lines, yes, no] of EXCLUDED) {
  test(`exclude ${lines.join(' ')}`, () => {
    const list = new ExcludeList(lines);
    for (const path of yes) assert.ok(list.excludes(path), path);
    for (const path of no) assert.ok(!list.excludes(path), path);
  });
}

test('a bad pattern is named', () => {
  assert.throws(() => new ExcludeList(['a[b']), { message: '"a[b": syntax error in pattern' });
});
