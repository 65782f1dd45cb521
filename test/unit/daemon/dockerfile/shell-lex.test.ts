import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand } from '../../../../packages/daemon/src/dockerfile/shell-lex.ts';
import { splitWords } from '../../../../packages/daemon/src/dockerfile/split-words.ts';

const variables: Record<string, string> = {
  a: 'A',
  empty: '',
  path: '/usr/local/bin/tool.tar.gz',
  two: 'x y',
  under_score: 'U',
  star: 'a*b',
};
const lookup = (name: string) => variables[name];
const value = (text: string, escapeToken = '\\') => expand(text, { lookup, escape: escapeToken }).value;

const rows: [string, string][] = [
  ['plain', 'plain'],
  ['$a', 'A'],
  ['$a$a', 'AA'],
  ['${a}b', 'Ab'],
  ['$under_score.x', 'U.x'],
  ['$ab', ''],
  ['$', '$'],
  ['a$', 'a$'],
  ['$.', '$.'],
  ['\\$a', '$a'],
  ['\\\\$a', '\\A'],
  ["'$a'", '$a'],
  ['"$a"', 'A'],
  ['"\\$a"', '$a'],
  ['"\\n"', '\\n'],
  ['\\n', 'n'],
  [`"'$a'"`, "'A'"],
  [`'"'`, '"'],
  ['a"b c"d', 'ab cd'],
  ['""', ''],
  ['${a:-w}', 'A'],
  ['${none:-w}', 'w'],
  ['${empty:-w}', 'w'],
  ['${empty-w}', ''],
  ['${none-w}', 'w'],
  ['${a:+w}', 'w'],
  ['${empty:+w}', ''],
  ['${empty+w}', 'w'],
  ['${none+w}', ''],
  ['${a:?x}', 'A'],
  ['${empty?x}', ''],
  ['${none:-${a}}', 'A'],
  ['${none:-${none:-deep}}', 'deep'],
  ['${none:-"a b"}', 'a b'],
  ["${none:-'}'}", '}'],
  ['${path#*/}', 'usr/local/bin/tool.tar.gz'],
  ['${path##*/}', 'tool.tar.gz'],
  ['${path%.*}', '/usr/local/bin/tool.tar'],
  ['${path%%.*}', '/usr/local/bin/tool'],
  ['${path%/*}', '/usr/local/bin'],
  ['${path#none}', '/usr/local/bin/tool.tar.gz'],
  ['${path/l/L}', '/usr/Local/bin/tool.tar.gz'],
  ['${path//l/L}', '/usr/LocaL/bin/tooL.tar.gz'],
  ['${path/\\//:}', ':usr/local/bin/tool.tar.gz'],
  ['${path//\\//}', 'usrlocalbintool.tar.gz'],
  ['${path/t??l/$a}', '/usr/local/bin/A.tar.gz'],
  ['${star#a\\*}', 'b'],
  ['${two/x/$1}', ' y'],
];
for (const [text, expected] of rows) test(`${text} is ${expected}`, () => assert.equal(value(text), expected));

test('the back-tick escapes where it is the escape', () => {
  assert.equal(value('`$a \\', '`'), '$a \\');
  assert.equal(value('C:\\dir\\$a', '`'), 'C:\\dir\\A');
});

test('a variable in quotes is one word, bare it is as many as it holds', () => {
  assert.deepEqual(expand('$two "$two" a\\ b \'\' z', { lookup, escape: '\\' }).words, [
    'x',
    'y',
    'x y',
    'a b',
    '',
    'z',
  ]);
});

test('variables that are not set are named', () => {
  assert.deepEqual(expand('$none ${a} ${x:-$y}', { lookup, escape: '\\' }).unset, ['none', 'y']);
});

test('quotes are text in a heredoc', () => {
  const body = expand(`"$a" '$a' \\$a \\n`, { lookup, escape: '\\', keepQuotes: true });
  assert.equal(body.value, `"A" 'A' $a \\n`);
});

const errors: [string, RegExp][] = [
  ['${', /bad substitution/],
  ['${}', /bad substitution/],
  ['${a', /missing '}'/],
  ['${a:-x', /missing '}'/],
  ['${a:x}', /unsupported modifier \(:x\)/],
  ['${a:#x}', /unsupported modifier \(:#\)/],
  ['${none:?is missing}', /none: is missing/],
  ['${none:?}', /none: is not allowed to be unset or empty/],
  ['"a', /looking for matching quote/],
  ["'a", /looking for matching quote/],
];
for (const [text, message] of errors)
  test(`${text} is refused`, () => assert.throws(() => value(text), { code: 'InvalidParameter', message }));

test('a word that grows without bound is refused', () => {
  const big = { a: 'x'.repeat(1 << 20) };
  assert.throws(() => expand('$a'.repeat(100), { lookup: (n) => big[n as 'a'], escape: '\\' }), /too long/);
});

test('words split at blanks outside quotes and keep their quotes', () => {
  assert.deepEqual(splitWords(`a  b="c d" e\\ f 'g h'\ti`, '\\'), ['a', 'b="c d"', 'e\\ f', "'g h'", 'i']);
});
