/** Plans carried out on this machine's cgroups, and the device program given to the kernel's verifier. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cgroups } from '../../../../packages/daemon/src/runtime/cgroup/cgroups.ts';
import { deviceProgram } from '../../../../packages/daemon/src/runtime/cgroup/device-program.ts';
import type { CgroupPlan } from '../../../../packages/daemon/src/runtime/shim/shim.types.ts';
import { DEFAULT_RULES } from '../../../../packages/daemon/src/runtime/spec/devices.ts';

const isRoot = process.getuid?.() === 0;
const cgroups = isRoot && existsSync('/sys/fs/cgroup') ? Cgroups.detect() : undefined;
const skip = cgroups?.layout.version !== 1 && 'needs root and cgroup v1';
const skipProgram = !isRoot ? 'needs root' : spawnSync('gcc', ['--version']).status !== 0 && 'needs gcc';
const PARENT = `tsdocker-test-${process.pid}`;

function carryOut(plan: CgroupPlan): void {
  for (const { path } of plan.directories) mkdirSync(path, { recursive: true });
  for (const { path, value, optional } of plan.writes) {
    try {
      writeFileSync(path, value, { flag: 'r+' });
    } catch (err) {
      if (!optional) throw err;
    }
  }
}
function cleanUp(plan: CgroupPlan): void {
  for (const { path } of plan.directories.toReversed()) if (path.includes(PARENT)) rmdirSync(path);
}
const read = (controller: string, file: string) =>
  readFileSync(`/sys/fs/cgroup/${controller}/${PARENT}/c1/${file}`, 'utf8').trim();

test('a plan limits, updates in the right order, and is read back', { skip, timeout: 20_000 }, async () => {
  const resources = { CgroupParent: PARENT, Memory: 64 << 20, NanoCpus: 5e8, PidsLimit: 30, CpuShares: 300 };
  const plan = await cgroups!.plan('c1', resources, DEFAULT_RULES);
  const child = spawn('sleep', ['100'], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    carryOut(plan);
    for (const file of plan.join) writeFileSync(file, String(child.pid));
    assert.equal(read('memory', 'memory.limit_in_bytes'), String(64 << 20));
    assert.equal(read('memory', 'memory.memsw.limit_in_bytes'), String(128 << 20));
    assert.equal(read('cpu', 'cpu.cfs_quota_us'), '50000');
    assert.match(read('devices', 'devices.list'), /^c 1:3 rwm$/m);
    assert.doesNotMatch(read('devices', 'devices.list'), /^a /m);
    assert.deepEqual(await cgroups!.pids('c1', PARENT), [child.pid]);

    await cgroups!.update('c1', {
      CgroupParent: PARENT,
      Memory: 256 << 20,
      MemorySwap: 512 << 20,
      CpuPeriod: 50_000,
      CpuQuota: 20_000,
    });
    assert.equal(read('memory', 'memory.limit_in_bytes'), String(256 << 20));
    await cgroups!.update('c1', { CgroupParent: PARENT, Memory: 32 << 20, MemorySwap: 32 << 20, PidsLimit: -1 });
    assert.equal(read('memory', 'memory.memsw.limit_in_bytes'), String(32 << 20));
    assert.equal(read('pids', 'pids.max'), 'max');
    await assert.rejects(cgroups!.update('c1', { CgroupParent: PARENT, CpusetCpus: '4000' }), /cpuset.cpus/);

    const reader = cgroups!.openStats('c1', PARENT);
    const stats = reader.read()!;
    reader.close();
    assert.equal(stats.pids.current, 1);
    assert.equal(stats.memory.limitBytes, BigInt(32 << 20));
    assert.ok(stats.cpu.perCpuNanos!.length > 0 && 'total_inactive_file' in stats.memory.stats);
  } finally {
    child.kill('SIGKILL');
    await gone;
    cleanUp(plan);
  }
  assert.deepEqual(await cgroups!.pids('c1', PARENT), []);
});

const LOADER = `
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>
static char code[1 << 16], log_buffer[1 << 16];
int main(int argc, char **argv) {
  ssize_t n = read(open(argv[argc - 1], O_RDONLY), code, sizeof code);
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  a.insns = (unsigned long)code; a.insn_cnt = n / 8; a.license = (unsigned long)"Apache-2.0";
  a.log_buf = (unsigned long)log_buffer; a.log_size = sizeof log_buffer; a.log_level = 1;
  if (syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a) < 0) { printf("%s\\n%s", strerror(errno), log_buffer); return 1; }
  return 0;
}`;

test('the kernel verifies the device program', { skip: skipProgram }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsdocker-devices-'));
  try {
    writeFileSync(join(dir, 'load.c'), LOADER);
    const built = spawnSync('gcc', ['-o', join(dir, 'load'), join(dir, 'load.c')], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const everything = { allow: true, type: 'a', access: 'rwm' } as const;
    const rules = [
      DEFAULT_RULES,
      [everything],
      [...DEFAULT_RULES, everything],
      [...DEFAULT_RULES, { ...everything, type: 'b', major: 8, access: 'r' } as const],
    ];
    for (const set of rules) {
      writeFileSync(join(dir, 'program'), deviceProgram(set));
      const { status, stdout } = spawnSync(join(dir, 'load'), [join(dir, 'program')], { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
