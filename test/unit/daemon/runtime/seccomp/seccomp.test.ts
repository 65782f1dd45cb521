import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProfile } from '../../../../../packages/daemon/src/runtime/seccomp/compile.ts';
import builtin from '../../../../../packages/daemon/src/runtime/seccomp/data/default-profile.json' with {
  type: 'json',
};
import { type ArchDecisions, decide } from '../../../../../packages/daemon/src/runtime/seccomp/decide.ts';
import {
  parseProfile,
  RET_ALLOW,
  type ResolvedProfile,
  resolveProfile,
  type SeccompArgument,
} from '../../../../../packages/daemon/src/runtime/seccomp/profile.ts';
import { SeccompCompiler } from '../../../../../packages/daemon/src/runtime/seccomp/seccomp.ts';
import { TABLES } from '../../../../../packages/daemon/src/runtime/seccomp/tables.ts';
import { runSeccomp } from '../../../../support/bpf-interpreter.ts';

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const DOCKER_CAPS =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((c) => `CAP_${c}`);
const HOST = { arch: 'x64', kernel: '6.1.0-18-amd64' };
const errno = (n: number) => 0x50000 | n;
const VALUES = [
  0n,
  1n,
  8n,
  37n,
  38n,
  39n,
  40n,
  41n,
  0x20000n,
  0x20008n,
  0x7e020000n,
  0x10000000n,
  0xffffffffn,
  0x1_0000_0000n,
  0x1_0000_0026n,
  2n ** 64n - 1n,
];

function holds(arg: SeccompArgument, actual: bigint): boolean {
  switch (arg.op) {
    case 'EQ':
      return actual === arg.value;
    case 'NE':
      return actual !== arg.value;
    case 'LT':
      return actual < arg.value;
    case 'LE':
      return actual <= arg.value;
    case 'GT':
      return actual > arg.value;
    case 'GE':
      return actual >= arg.value;
    case 'MASKED_EQ':
      return (actual & arg.value) === arg.valueTwo;
  }
}

/** The profile read straight: no intervals, no jumps. */
function straightforward(d: ArchDecisions, nr: number, args: bigint[]): number {
  const decision = d.byNumber.get(nr);
  if (!decision) return nr > d.lastKnown ? d.beyond : d.otherwise;
  const cut = (value: bigint) => (d.table.narrow ? value & 0xffffffffn : value);
  const agrees = (a: SeccompArgument) =>
    holds({ ...a, value: cut(a.value), valueTwo: cut(a.valueTwo) }, cut(args[a.index]!));
  return decision.find((rule) => rule.args.every(agrees))!.action;
}

function compareEverywhere(profile: ResolvedProfile): void {
  const program = compileProfile(profile);
  for (const arch of profile.arches) {
    const decisions = decide(profile, arch);
    const { auditArch, base } = decisions.table;
    for (let n = 0; n < 700; n++) {
      const nr = n + base;
      for (const value of VALUES) {
        const args = [value, value ^ 1n, value, 0n, value, 1n];
        const got = runSeccomp(program, { nr, arch: auditArch, args }) >>> 0;
        const want = straightforward(decisions, nr, args) >>> 0;
        if (got !== want) assert.equal(got, want, `${arch} ${nr} ${value}`);
      }
    }
  }
}

test('the compiled default profile decides every call as the profile read straight does', () => {
  for (const caps of [DOCKER_CAPS, [], [...DOCKER_CAPS, 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_SYS_TIME']]) {
    compareEverywhere(resolveProfile(builtin, { ...HOST, caps }));
  }
  compareEverywhere(resolveProfile(builtin, { arch: 'arm64', kernel: '6.1.0', caps: DOCKER_CAPS }));
});

test('the default profile does what Docker documents', () => {
  const program = new SeccompCompiler(HOST).compile('builtin', DOCKER_CAPS)!.program;
  const nr = TABLES['x86_64']!.numbers;
  const run = (name: string, ...args: number[]) =>
    runSeccomp(program, { nr: nr[name]!, arch: X86_64, args: [...args, 0, 0, 0, 0, 0, 0].slice(0, 6).map(BigInt) });
  assert.equal(run('read'), RET_ALLOW);
  assert.equal(run('mount'), errno(1));
  assert.equal(run('clone3'), errno(38));
  assert.equal(run('clone', 0x11), RET_ALLOW);
  assert.equal(run('clone', 0x10000011), errno(1));
  assert.equal(run('socket', 2), RET_ALLOW);
  assert.equal(run('socket', 38), errno(1));
  assert.equal(run('socket', 40), errno(1));
  assert.equal(run('personality', 0xffffffff), RET_ALLOW);
  assert.equal(run('personality', 0x40000), errno(1));
  assert.equal(run('ptrace'), RET_ALLOW);
  assert.equal(run('bpf'), errno(1));
  assert.equal(runSeccomp(program, { nr: 600, arch: X86_64, args: [] }), errno(38), 'newer than the profile');
  assert.equal(runSeccomp(program, { nr: 3, arch: I386, args: [] }), RET_ALLOW);
  assert.equal(runSeccomp(program, { nr: 0, arch: 0xc00000b7, args: [] }), 0, 'a foreign architecture is killed');
});

test('capabilities and the kernel version decide conditional rules', () => {
  const bpf = (caps: string[], kernel: string, name: string) =>
    runSeccomp(new SeccompCompiler({ arch: 'x64', kernel }).compile('builtin', caps)!.program, {
      nr: TABLES['x86_64']!.numbers[name]!,
      arch: X86_64,
      args: [0x10000000n, 0n, 0n, 0n, 0n, 0n],
    });
  assert.equal(bpf(['CAP_SYS_ADMIN'], '6.1.0', 'clone'), RET_ALLOW);
  assert.equal(bpf(['CAP_SYS_ADMIN'], '6.1.0', 'clone3'), RET_ALLOW);
  assert.equal(bpf([], '4.7.9', 'ptrace'), errno(1));
  assert.equal(bpf(['CAP_SYS_PTRACE'], '4.7.9', 'process_vm_readv'), RET_ALLOW);
});

test('custom profiles of both schemas compile, with every operator', () => {
  const ops = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT'].map((op, i) => ({
    names: [['read', 'write', 'open', 'close', 'stat', 'fstat'][i]!],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: i + 2,
    args: [{ index: i % 3, value: 2 ** 32 + 38, op: `SCMP_CMP_${op}` }],
  }));
  const masked = {
    name: 'ioctl',
    action: 'SCMP_ACT_KILL_PROCESS',
    args: [
      { index: 1, value: 0xff, valueTwo: 0x26, op: 'SCMP_CMP_MASKED_EQ' },
      { index: 0, value: 1, op: 'SCMP_CMP_GT' },
    ],
  };
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [...ops, masked, { name: 'mkdir', action: 'SCMP_ACT_LOG' }],
  };
  const resolved = resolveProfile(parseProfile(JSON.stringify(profile)), { ...HOST, caps: [] });
  compareEverywhere(resolved);
  const program = compileProfile(resolved);
  assert.equal(runSeccomp(program, { nr: 83, arch: X86_64, args: [] }), 0x7ffc0000);
  assert.equal(runSeccomp(program, { nr: 0x40000000, arch: X86_64, args: [] }), 0, 'x32 is not listed');
});

test('values of 64 bits keep every bit', () => {
  const text =
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}';
  const program = new SeccompCompiler(HOST).compile(text, [])!.program;
  const run = (arg: bigint) => runSeccomp(program, { nr: 0, arch: X86_64, args: [arg] });
  assert.equal(run(2n ** 64n - 1n), errno(1));
  assert.equal(run(2n ** 64n - 2n), RET_ALLOW);
});

test('the program stays short', () => {
  const program = new SeccompCompiler(HOST).compile('builtin', DOCKER_CAPS)!.program;
  assert.ok(program.length / 8 < 400, `${program.length / 8} instructions`);
});

test('a profile that can not be honoured is refused', () => {
  const rows: [string, RegExp][] = [
    ['{', /Decoding seccomp profile failed/],
    ['[]', /not an object/],
    ['{"defaultAction":"NOPE"}', /string NOPE is not a valid action/],
    ['{"defaultAction":"SCMP_ACT_ALLOW","flags":["NOPE"]}', /string NOPE is not a valid flag/],
    ['{"defaultAction":"SCMP_ACT_NOTIFY"}', /string SCMP_ACT_NOTIFY is not a valid action/],
    ['{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"}', /listenerPath/],
    [
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ERRNO"}]}',
      /both 'name' and 'names'/,
    ],
    [
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}',
      /index 6/,
    ],
    [
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":0,"op":"EQUALS"}]}]}',
      /not a valid operator/,
    ],
  ];
  for (const [text, expected] of rows) {
    assert.throws(() => new SeccompCompiler(HOST).compile(text, []), expected, text);
  }
  assert.equal(new SeccompCompiler(HOST).compile('unconfined', []), undefined);
});

test('flags of a profile reach the filter; without any it is runc’s', () => {
  const flags = (list: string | undefined) =>
    new SeccompCompiler(HOST).compile(`{"defaultAction":"SCMP_ACT_ALLOW"${list ? `,"flags":${list}` : ''}}`, [])?.flags;
  assert.equal(flags(undefined), 4);
  assert.equal(flags('[]'), 0);
  assert.equal(flags('["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_TSYNC"]'), 3);
});
