/** System call numbers and AUDIT_ARCH values; the numbers are generated from the kernel's own headers. */
import aarch64 from './data/syscalls-aarch64.json' with { type: 'json' };
import i386 from './data/syscalls-i386.json' with { type: 'json' };
import x32 from './data/syscalls-x32.json' with { type: 'json' };
import x86_64 from './data/syscalls-x86_64.json' with { type: 'json' };

export interface SyscallTable {
  /** seccomp_data.arch, linux/audit.h. x32 shares x86_64's. */
  auditArch: number;
  /** Arguments are 32 bits wide: the upper halves are not compared. */
  narrow: boolean;
  /** Added to each number: __X32_SYSCALL_BIT. */
  base: number;
  numbers: Readonly<Record<string, number>>;
}

export const X32_BIT = 0x4000_0000;

export const TABLES: Readonly<Record<string, SyscallTable>> = {
  x86_64: { auditArch: 0xc000_003e, narrow: false, base: 0, numbers: x86_64 },
  i386: { auditArch: 0x4000_0003, narrow: true, base: 0, numbers: i386 },
  x32: { auditArch: 0xc000_003e, narrow: true, base: X32_BIT, numbers: x32 },
  aarch64: { auditArch: 0xc000_00b7, narrow: false, base: 0, numbers: aarch64 },
};
