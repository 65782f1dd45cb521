/** The compiled default profile against libseccomp's own filter, and loaded into the kernel. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compileProfile } from '../../../../packages/daemon/src/runtime/seccomp/compile.ts';
import builtin from '../../../../packages/daemon/src/runtime/seccomp/data/default-profile.json' with { type: 'json' };
import { resolveProfile } from '../../../../packages/daemon/src/runtime/seccomp/profile.ts';
import { TABLES } from '../../../../packages/daemon/src/runtime/seccomp/tables.ts';
import { runSeccomp } from '../../../support/bpf-interpreter.ts';

const hasGcc = spawnSync('gcc', ['--version']).status === 0;
const skipOracle = !(hasGcc && existsSync('/usr/include/seccomp.h')) && 'needs gcc and libseccomp-dev';
const skipLoad = process.arch !== 'x64' ? 'needs x86_64' : !hasGcc && 'needs gcc';
const OPS: Record<string, number> = { NE: 1, LT: 2, LE: 3, EQ: 4, GE: 5, GT: 6, MASKED_EQ: 7 };

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsdocker-seccomp-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function compileC(name: string, source: string, ...libraries: string[]): string {
  const out = join(dir, name);
  writeFileSync(`${out}.c`, source);
  const { status, stderr } = spawnSync('gcc', ['-o', out, `${out}.c`, ...libraries], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return out;
}

/** Reads `nr action argc {index op value valueTwo}` lines into a filter for x86_64 and writes its program. */
const ORACLE = `
#include <seccomp.h>
#include <stdio.h>
#include <fcntl.h>
int main(int argc, char **argv) {
  scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(1));
  int nr, n; unsigned action;
  while (scanf("%d %u %d", &nr, &action, &n) == 3) {
    struct scmp_arg_cmp a[6];
    for (int i = 0; i < n; i++) {
      unsigned long long v, w; unsigned index; int op;
      scanf("%u %d %llu %llu", &index, &op, &v, &w);
      a[i] = (struct scmp_arg_cmp){index, op, v, w};
    }
    if (seccomp_rule_add_array(c, action, nr, n, a)) fprintf(stderr, "rule of %d failed\\n", nr);
  }
  return seccomp_export_bpf(c, open(argv[1], O_CREAT | O_WRONLY | O_TRUNC, 0600)) ? 1 : argc - 2;
}`;

test('the default profile decides as the filter libseccomp makes of it', { skip: skipOracle }, () => {
  const oracle = compileC('oracle', ORACLE, '-lseccomp');
  for (const caps of [[], ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT']]) {
    const resolved = resolveProfile(builtin, { arch: 'x64', kernel: '6.1.0', caps });
    resolved.arches = ['x86_64'];
    const { numbers } = TABLES['x86_64']!;
    const lines = resolved.rules.flatMap((rule) =>
      rule.names
        .filter((name) => name in numbers)
        .map((name) => {
          const args = rule.args.map((a) => `${a.index} ${OPS[a.op]} ${a.value} ${a.valueTwo}`);
          return [numbers[name], rule.action, args.length, ...args].join(' ');
        }),
    );
    const out = join(dir, 'oracle.bpf');
    const { status, stderr } = spawnSync(oracle, [out], { input: lines.join('\n'), encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const theirs = readFileSync(out);
    const ours = compileProfile(resolved);
    const listed = Math.max(...resolved.rules.flatMap((r) => r.names.map((n) => numbers[n] ?? 0)));
    for (let nr = 0; nr <= listed; nr++) {
      for (const value of [0n, 8n, 38n, 39n, 40n, 41n, 0x20000n, 0x10000000n, 0xffffffffn, 0x1_0000_0000n]) {
        const data = { nr, arch: 0xc000003e, args: [value, value, value, value, value, value] };
        assert.equal(runSeccomp(ours, data), runSeccomp(theirs, data), `nr ${nr} value ${value}`);
      }
    }
  }
});

const LOADER = `
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
static struct sock_filter code[4096];
static int err(long r) { return r < 0 ? errno : 0; }
int main(int argc, char **argv) {
  int fd = open(argv[argc - 1], O_RDONLY);
  struct sock_fprog prog = {read(fd, code, sizeof code) / 8, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog)) { perror("seccomp"); return 1; }
  printf("getpid=%d ", err(syscall(SYS_getpid)));
  printf("unshare=%d ", err(syscall(SYS_unshare, 0)));
  printf("clone3=%d ", err(syscall(435, 0, 0)));
  printf("alg=%d ", err(socket(38, SOCK_SEQPACKET, 0)));
  printf("unix=%d ", err(socket(AF_UNIX, SOCK_STREAM, 0)));
  printf("new=%d\\n", err(syscall(1000)));
  return 0;
}`;

test('the kernel accepts the program and enforces it', { skip: skipLoad }, () => {
  const loader = compileC('loader', LOADER);
  const program = join(dir, 'ours.bpf');
  writeFileSync(program, compileProfile(resolveProfile(builtin, { arch: 'x64', kernel: '6.1.0', caps: [] })));
  const { stdout, stderr, status } = spawnSync(loader, [program], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'getpid=0 unshare=1 clone3=38 alg=1 unix=0 new=38\n');
});
