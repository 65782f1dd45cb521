import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlagSpec } from '../../../packages/cli/src/command.ts';
import { FlagError, parseArguments } from '../../../packages/cli/src/pflag.ts';

const FLAGS: FlagSpec[] = [
  { name: 'tty', short: 't', kind: 'bool', description: '' },
  { name: 'interactive', short: 'i', kind: 'bool', description: '' },
  { name: 'env', short: 'e', kind: 'list', description: '' },
  { name: 'volume', short: 'v', kind: 'list', description: '' },
  { name: 'name', kind: 'string', description: '' },
  { name: 'last', short: 'n', kind: 'int', default: -1, description: '' },
  { name: 'shares', kind: 'uint', description: '' },
  { name: 'ratio', kind: 'float', description: '' },
  { name: 'timeout', kind: 'int', description: '' },
  { name: 'time', kind: 'int', description: '', aliasOf: 'timeout', deprecated: 'use --timeout instead' },
  { name: 'size', short: 'm', kind: 'custom', description: '', parse: (text) => checkedSize(text) },
];

function checkedSize(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`invalid size: '${text}'`);
  return Number(text) * 2;
}

const accepted: [line: string, expected: Record<string, unknown>, args: string[], stop?: boolean][] = [
  ['--tty=true x', { tty: true }, ['x']],
  ['-t=false', { tty: false }, []],
  ['-it', { tty: true, interactive: true }, []],
  ['-it=false', { interactive: true, tty: false }, []],
  ['-ti=F', { tty: true, interactive: false }, []],
  ['-e=A=1 -e B', { env: ['A=1', 'B'] }, []],
  ['-vfoo', { volume: ['foo'] }, []],
  ['-tvfoo', { tty: true, volume: ['foo'] }, []],
  ['-tv foo', { tty: true, volume: ['foo'] }, []],
  ['-v=', { volume: ['='] }, []],
  ['--name=', { name: '' }, []],
  ['--name --tty', { name: '--tty', tty: false }, []],
  ['--name -- x', { name: '--' }, ['x']],
  ['a -t b', { tty: true }, ['a', 'b']],
  ['a -t b', { tty: false }, ['a', '-t', 'b'], true],
  ['-t -- -i', { tty: true, interactive: false }, ['-i']],
  ['-- -t', { tty: false }, ['-t'], true],
  ['a -- -t', { tty: false }, ['a', '--', '-t'], true],
  ['-', {}, ['-']],
  ['-n 3', { last: 3 }, []],
  ['-n-3', { last: -3 }, []],
  ['--last=0x10', { last: 16 }, []],
  ['', { last: -1 }, []],
  ['--shares 7 --ratio 1e-2', { shares: 7, ratio: 0.01 }, []],
  ['--time 4', { timeout: 4 }, []],
];
for (const [line, expected, args, stopAtArgument = false] of accepted) {
  test(`pflag reads ${JSON.stringify(line)}${stopAtArgument ? ' up to the first argument' : ''}`, () => {
    const parsed = parseArguments(FLAGS, words(line), { stopAtArgument });
    assert.deepEqual(parsed.args, args);
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(read(parsed.flags, name), value, name);
  });
}

const refused: [line: string, message: string][] = [
  ['--bad', 'unknown flag: --bad'],
  ['--bad=1', 'unknown flag: --bad'],
  ['-x', "unknown shorthand flag: 'x' in -x"],
  ['-tx1', "unknown shorthand flag: 'x' in -x1"],
  ['--name', 'flag needs an argument: --name'],
  ['-e', "flag needs an argument: 'e' in -e"],
  ['-te', "flag needs an argument: 'e' in -e"],
  ['--=x', 'bad flag syntax: --=x'],
  ['---x', 'bad flag syntax: ---x'],
  ['-n abc', 'invalid argument "abc" for "-n, --last" flag: strconv.ParseInt: parsing "abc": invalid syntax'],
  [
    '-n 9223372036854775808',
    'invalid argument "9223372036854775808" for "-n, --last" flag: strconv.ParseInt: parsing "9223372036854775808": value out of range',
  ],
  ['--shares -1', 'invalid argument "-1" for "--shares" flag: strconv.ParseUint: parsing "-1": invalid syntax'],
  ['--ratio x', 'invalid argument "x" for "--ratio" flag: strconv.ParseFloat: parsing "x": invalid syntax'],
  ['--tty=maybe', 'invalid argument "maybe" for "-t, --tty" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
  ['-m 1x', 'invalid argument "1x" for "-m, --size" flag: invalid size: \'1x\''],
];
for (const [line, message] of refused) {
  test(`pflag refuses ${JSON.stringify(line)} in docker's words`, () => {
    assert.throws(
      () => parseArguments(FLAGS, words(line)),
      (err) => err instanceof FlagError && err.message === message,
    );
  });
}

test('help wins over what follows it, and is told apart from a flag of its own', () => {
  assert.equal(parseArguments(FLAGS, ['--help', '--bad']).help, true);
  assert.equal(parseArguments(FLAGS, ['--help=false']).help, false);
  const short = parseArguments(FLAGS, ['-h']);
  assert.deepEqual([short.help, short.warnings], [true, ['Flag shorthand -h has been deprecated, use --help']]);
});

test('a deprecated flag is said to be one', () => {
  assert.deepEqual(parseArguments(FLAGS, ['--time', '1']).warnings, [
    'Flag --time has been deprecated, use --timeout instead',
  ]);
});

test('a custom flag gives what parse made of it, or undefined', () => {
  assert.equal(parseArguments(FLAGS, ['-m21']).flags.custom('size'), 42);
  assert.equal(parseArguments(FLAGS, []).flags.custom('size'), undefined);
});

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');
function read(flags: ReturnType<typeof parseArguments>['flags'], name: string): unknown {
  const { kind } = FLAGS.find((flag) => flag.name === name)!;
  if (kind === 'bool') return flags.bool(name);
  if (kind === 'list') return flags.list(name);
  return kind === 'string' ? flags.string(name) : flags.number(name);
}
