/** Values and errors of the flag syntaxes that the recorded command lines of create do not reach. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseBytes, parseMemorySwap } from '../../../../packages/cli/src/flags/bytes.ts';
import { parseCpus } from '../../../../packages/cli/src/flags/cpus.ts';
import { parseCsvRecord } from '../../../../packages/cli/src/flags/csv.ts';
import { parseDevice } from '../../../../packages/cli/src/flags/device.ts';
import { parseDuration } from '../../../../packages/cli/src/flags/duration.ts';
import { lastOfEachName, resolveEnv } from '../../../../packages/cli/src/flags/env.ts';
import { checkMacAddress, parseDnsServer } from '../../../../packages/cli/src/flags/ip.ts';
import { parseKeyValueLines } from '../../../../packages/cli/src/flags/key-value-file.ts';
import { toMap } from '../../../../packages/cli/src/flags/label.ts';
import { parseMount } from '../../../../packages/cli/src/flags/mount.ts';
import { parseNetwork } from '../../../../packages/cli/src/flags/network.ts';
import { parsePublish } from '../../../../packages/cli/src/flags/publish.ts';
import { parseVolume } from '../../../../packages/cli/src/flags/volume.ts';
import { parseUlimit } from '../../../../packages/shared/src/ulimit.ts';

/** What a parser made of a text, or its error. */
function outcome(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (err) {
    return `error: ${(err as Error).message}`;
  }
}

type Rows = [text: string, expected: unknown][];

const TABLES: [name: string, parse: (text: string) => unknown, rows: Rows][] = [
  [
    'bytes',
    parseBytes,
    [
      ['9223372036854775808', "error: invalid size: '9223372036854775808'"],
      ['1P', 1024 ** 5],
      ['1kib', 1024],
      ['1kbb', "error: invalid suffix: 'kbb'"],
      ['\u0661k', "error: invalid size: '\u0661k'"],
    ],
  ],
  [
    'memory-swap',
    parseMemorySwap,
    [
      ['-1', -1],
      ['1k', 1024],
    ],
  ],
  [
    'cpus',
    parseCpus,
    [
      ['3', 3e9],
      ['.5', 5e8],
      ['5.', 5e9],
      ['2/3', 'error: value is too precise'],
      ['1/0', 'error: failed to parse 1/0 as a rational number'],
      ['1e99999999', 'error: failed to parse 1e99999999 as a rational number'],
      ['.', 'error: failed to parse . as a rational number'],
    ],
  ],
  [
    'duration',
    parseDuration,
    [
      ['0', 0],
      ['1.5h', 5.4e12],
      ['1h30m0.5s', 5.4005e12],
      ['-2ms', -2e6],
      ['1\u00b5s', 1000],
      ['.s', 'error: time: invalid duration ".s"'],
      ['99999999999h', 'error: time: invalid duration "99999999999h"'],
      ['1constructor', 'error: time: unknown unit "constructor" in duration "1constructor"'],
    ],
  ],
  [
    'ulimit',
    parseUlimit,
    [
      ['nofile=5:-1', { Name: 'nofile', Soft: 5, Hard: -1 }],
      ['nofile=', 'error: strconv.ParseInt: parsing "": invalid syntax'],
      ['nofile=9223372036854775808', 'error: strconv.ParseInt: parsing "9223372036854775808": value out of range'],
      ['constructor=1', 'error: invalid ulimit type: constructor'],
    ],
  ],
  [
    'device',
    parseDevice,
    [
      ['/dev/a/../b', { PathOnHost: '/dev/b', PathInContainer: '/dev/b', CgroupPermissions: 'rwm' }],
      ['/dev/a:', 'error:  is not an absolute path'],
      [':/dev/b', 'error: bad format for path: :/dev/b'],
    ],
  ],
  [
    'csv',
    parseCsvRecord,
    [
      ['a,b', ['a', 'b']],
      ['"a,""b""",c', ['a,"b"', 'c']],
      ['a,', ['a', '']],
      [',', ['', '']],
    ],
  ],
  [
    'publish',
    parsePublish,
    [
      [
        '0-65535:0-65535/udp/tcp',
        Array.from({ length: 65536 }, (_, i) => ({ port: `${i}/udp`, hostIp: '', hostPort: `${i}` })),
      ],
      ['80-', 'error: invalid containerPort: 80-'],
      ['1:2:3:4', 'error: invalid IP address: 1:2'],
      ['fe80::1%eth0:1:2', 'error: invalid IP address: fe80::1%eth0'],
      ['8080:80\n', 'error: invalid containerPort: 80\n'],
    ],
  ],
  [
    'volume',
    (text) => parseVolume(text, '/cwd'),
    [
      ['../up:/b:ro', { bind: '/up:/b:ro' }],
      ['.hidden:/b', { bind: '/cwd/.hidden:/b' }],
      ['aa:bb:cc:dd', 'error: invalid spec: aa:bb:cc:dd: too many colons'],
      ['aa:bb:', 'error: invalid spec: aa:bb:: empty section between colons'],
    ],
  ],
  [
    'mount',
    (text) => parseMount(text, '/cwd'),
    [
      [
        'type=volume,dst=/d,volume-label=__proto__=x',
        { Type: 'volume', Target: '/d', VolumeOptions: { Labels: toMap(['__proto__=x']) } },
      ],
      ['type=,dst=/d', 'error: type is required'],
      ['type=tmpfs,dst=/d,tmpfs-mode=40000000000', 'error: invalid value for tmpfs-mode: 40000000000'],
    ],
  ],
  [
    'dns',
    parseDnsServer,
    [
      ['0:0:0:0:0:0:0:1', '::1'],
      ['1.2.3.4 ', '1.2.3.4'],
      ['1.2.3', 'error: IP address is not correctly formatted: 1.2.3'],
    ],
  ],
  [
    'mac',
    checkMacAddress,
    [
      ['9200.d0c6.0a29', '9200.d0c6.0a29'],
      ['92:d0:c6:0a:29', 'error: 92:d0:c6:0a:29 is not a valid mac address'],
    ],
  ],
];

for (const [name, parse, rows] of TABLES) {
  describe(name, () => {
    for (const [text, expected] of rows) {
      test(JSON.stringify(text), () => assert.deepEqual(outcome(parse, text), expected));
    }
  });
}

describe('env', () => {
  test('an empty value of the caller is a value', () => {
    assert.equal(resolveEnv('E', { E: '' }), 'E=');
    assert.equal(resolveEnv('E', {}), 'E');
  });
  test('the last of a name wins at the first place', () => {
    assert.deepEqual(lastOfEachName(['A=1', 'B=2', 'A=3']), ['A=3', 'B=2']);
  });
});

describe('key-value file', () => {
  const parse = (text: string | Buffer): string[] =>
    parseKeyValueLines(Buffer.from(text), (name) => (name === 'K' ? 'v' : undefined));
  test('bare names are completed or left out, the last line needs no newline', () => {
    assert.deepEqual(parse('K\nX\n\t#c\n A=b c '), ['K=v', 'A=b c ']);
  });
  test('a line as long as the scanner takes is refused beyond', () => {
    assert.throws(() => parse(`A=${'x'.repeat(70_000)}`), { message: 'bufio.Scanner: token too long' });
  });
});

test('a network value in the long form is lower case, and options are trimmed', () => {
  const { target, aliases, driverOptions } = parseNetwork('name=My, alias = B ,driver-opt=K= v');
  assert.deepEqual([target, aliases, driverOptions], ['my', ['b'], { k: 'v' }]);
});
