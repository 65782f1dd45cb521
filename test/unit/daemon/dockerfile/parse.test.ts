import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '../../../../packages/daemon/src/dockerfile/parse.ts';

const parse = (...lines: string[]) => parseDockerfile(lines.join('\n'));
const brief = (...lines: string[]) =>
  parse(...lines).statements.map((s) => [s.keyword, ...s.flags, s.json ?? s.args] as unknown[]);

test('keywords are read in any case, arguments keep their blanks', () => {
  assert.deepEqual(brief('from  scratch', '\tRun  echo  a   b  '), [
    ['FROM', 'scratch'],
    ['RUN', 'echo  a   b'],
  ]);
});

test('a byte order mark and carriage returns are no part of the text', () => {
  assert.deepEqual(brief('\uFEFFFROM a\r', 'RUN b \\\r', ' c\r', ''), [
    ['FROM', 'a'],
    ['RUN', 'b  c'],
  ]);
});

test('continuations are joined without a separator, their indent stays', () => {
  assert.deepEqual(brief('RUN a\\', '  b\\', 'c \\  ', 'd'), [['RUN', 'a  bc d']]);
});

test('an escaped escape at the end of a line continues nothing', () => {
  assert.deepEqual(brief('RUN a\\\\', 'RUN b'), [
    ['RUN', 'a\\\\'],
    ['RUN', 'b'],
  ]);
});

test('comments and blank lines inside a continuation do not end it', () => {
  const { statements } = parse('RUN a && \\', '# why', '  # and why', '', '  b', 'RUN c');
  assert.deepEqual(
    statements.map((s) => s.args),
    ['a &&   b', 'c'],
  );
  assert.deepEqual(statements[0]?.emptyContinuations, [4]);
  assert.deepEqual([statements[0]?.startLine, statements[0]?.endLine, statements[1]?.startLine], [1, 5, 6]);
});

test('a hash inside a line is text', () => {
  assert.deepEqual(brief('RUN echo a # b'), [['RUN', 'echo a # b']]);
});

test('the escape directive changes continuation and escaping', () => {
  const file = parse('# escape=`', 'FROM a', 'COPY a` ', '  b\\', 'RUN c');
  assert.equal(file.directives.escape, '`');
  assert.deepEqual(
    file.statements.map((s) => s.args),
    ['a', 'a  b\\', 'c'],
  );
});

test('directives end at the first other line', () => {
  assert.equal(parse('# a comment', '# escape=`', 'FROM a').directives.escape, '\\');
  assert.equal(parse('', '# escape=`', 'FROM a').directives.escape, '\\');
  assert.equal(parse('# unknown=x', '# escape=`', 'FROM a').directives.escape, '\\');
  assert.equal(parse('#syntax=docker/dockerfile:1', '# EsCaPe = `', 'FROM a').directives.escape, '`');
  assert.equal(parse('#syntax=docker/dockerfile:1', 'FROM a').directives.syntax, 'docker/dockerfile:1');
  assert.deepEqual(parse('# check=skip=A,B;error=true', 'FROM a').directives.check, {
    skip: ['A', 'B'],
    error: true,
    experimental: [],
  });
});

test('flags stand before the first word and may be quoted', () => {
  assert.deepEqual(brief('COPY --chown=a:b --link "--from=x y" c d'), [
    ['COPY', '--chown=a:b', '--link', '"--from=x y" c d'],
  ]);
  assert.deepEqual(brief('RUN --mount=type=cache,target="/a b" -- --x'), [
    ['RUN', '--mount=type=cache,target=/a b', '--x'],
  ]);
  assert.deepEqual(brief('CMD --x'), [['CMD', '--x']], 'CMD has none');
});

test('a list is JSON or it is text', () => {
  assert.deepEqual(brief('CMD ["a", "b c"]'), [['CMD', ['a', 'b c']]]);
  assert.deepEqual(brief("CMD ['a']"), [['CMD', "['a']"]]);
  assert.deepEqual(brief('CMD ["a", ]'), [['CMD', '["a", ]']]);
  assert.deepEqual(brief('LABEL ["a"]'), [['LABEL', '["a"]']]);
  assert.deepEqual(brief('CMD []'), [['CMD', []]]);
});

test('heredocs are taken from the lines that follow', () => {
  const { statements } = parse(
    'RUN <<EOF cat 3<<-"X"',
    'a $b \\',
    '# no comment',
    'EOF',
    '\t\tc',
    '\tX',
    "COPY <<'one' <<two /d/",
    'one',
    'body',
    'two',
    'RUN d',
  );
  assert.deepEqual(statements[0]?.heredocs, [
    { name: 'EOF', descriptor: 0, expand: true, chomp: false, content: 'a $b \\\n# no comment\n' },
    { name: 'X', descriptor: 3, expand: false, chomp: true, content: 'c\n' },
  ]);
  assert.deepEqual(
    statements[1]?.heredocs.map((h) => [h.name, h.expand, h.content]),
    [
      ['one', false, ''],
      ['two', true, 'body\n'],
    ],
  );
  assert.equal(statements[2]?.args, 'd');
  assert.deepEqual([statements[0]?.startLine, statements[0]?.endLine], [1, 6]);
});

test('what only looks like a heredoc is text', () => {
  assert.deepEqual(brief('RUN cat <<<word', 'RUN ["<<EOF"]', 'RUN echo "<<EOF"', 'CMD cat <<EOF'), [
    ['RUN', 'cat <<<word'],
    ['RUN', ['<<EOF']],
    ['RUN', 'echo "<<EOF"'],
    ['CMD', 'cat <<EOF'],
  ]);
});

test('ONBUILD takes heredocs where its trigger does', () => {
  const { statements } = parse('ONBUILD RUN <<EOF', 'a', 'EOF', 'ONBUILD CMD <<EOF');
  assert.deepEqual(
    statements.map((s) => s.heredocs.length),
    [1, 0],
  );
});

const errors: [string, string[], RegExp][] = [
  ['nothing', [], /^file with no instructions$/],
  ['only comments', ['# a', ''], /^file with no instructions$/],
  ['an unknown word', ['FROM a', '', 'QUUX b'], /^dockerfile parse error on line 3: unknown instruction: QUUX$/],
  ['a misspelt one', ['FORM a'], /line 1: unknown instruction: FORM \(did you mean FROM\?\)$/],
  ['a list of numbers', ['CMD ["a", 1]'], /line 1: only string type is allowed in JSON form of arrays$/],
  ['an open heredoc', ['FROM a', 'RUN <<EOF', 'b'], /line 2: unterminated heredoc$/],
  ['two escapes', ['# escape=`', '# escape=`', 'FROM a'], /line 2: only one escape parser directive can be used$/],
  ['a bad escape', ['# escape=x', 'FROM a'], /line 1: invalid escape token 'x' does not match/],
  ['a long line', [`RUN ${'a'.repeat(70_000)}`], /line 1: dockerfile line greater than maximum allowed size/],
];
for (const [name, lines, message] of errors) {
  test(`${name} is refused`, () => {
    assert.throws(() => parse(...lines), { code: 'InvalidParameter', message });
  });
}
