#include "layer/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tsd::layer {

namespace {

#if defined(__x86_64__)
constexpr uint32_t kAuditArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kAuditArch = AUDIT_ARCH_AARCH64;
#else
#error "add this architecture's AUDIT_ARCH"
#endif

// A hostile layer may make the reader hold many directory names; it must not take the machine's memory.
constexpr rlim_t kMemoryBytes = 1ull << 30;

// Of packing and unpacking; nothing that starts, connects or mounts.
constexpr long kAllowed[] = {
    SYS_read,       SYS_write,     SYS_close,        SYS_openat,          SYS_openat2,
    SYS_fchown,     SYS_fchownat,  SYS_fchmod,       SYS_fchmodat,        SYS_mknodat,
    SYS_mkdirat,    SYS_symlinkat, SYS_linkat,       SYS_unlinkat,        SYS_utimensat,
    SYS_fsetxattr,  SYS_lsetxattr, SYS_setxattr,     SYS_fstat,           SYS_newfstatat,
    SYS_getdents64, SYS_lseek,     SYS_fchdir,       SYS_chdir,           SYS_fcntl,
    SYS_brk,        SYS_mmap,      SYS_munmap,       SYS_mremap,          SYS_madvise,
    SYS_exit_group, SYS_exit,      SYS_rt_sigreturn, SYS_rt_sigprocmask,  SYS_gettid,
    SYS_getpid,     SYS_tgkill,    SYS_futex,        SYS_restart_syscall, SYS_ftruncate,
    SYS_getrandom,  SYS_sendfile,  SYS_readlinkat,   SYS_fgetxattr,       SYS_flistxattr,
    SYS_renameat,   SYS_renameat2, SYS_dup,          SYS_statx,
};
constexpr size_t kAllowedCount = sizeof kAllowed / sizeof kAllowed[0];

Status keep_capabilities() {
  constexpr int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP, CAP_SYS_ADMIN};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (int cap : kept) {
    data[cap / 32].permitted |= 1u << (cap % 32);
    data[cap / 32].effective |= 1u << (cap % 32);
  }
  if (syscall(SYS_capset, &header, data) < 0) return last_error("capset", "drop capabilities");
  return {};
}

Status allow_only_files() {
  sock_filter program[4 + kAllowedCount + 2];
  size_t n = 0;
  program[n++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program[n++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAuditArch, 1, 0);
  program[n++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[n++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < kAllowedCount; i++) {
    const uint8_t to_allow = static_cast<uint8_t>(kAllowedCount - i);
    program[n++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(kAllowed[i]), to_allow, 0);
  }
  program[n++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[n++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog filter{static_cast<unsigned short>(n), program};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
    return last_error("seccomp", "filter system calls");
  return {};
}

}  // namespace

Status confine(int root, unsigned keep) {
  if (fchdir(root) < 0) return last_error("fchdir", "enter directory");
  if (chroot(".") < 0) return last_error("chroot", "enter directory");
  if (syscall(SYS_close_range, keep, ~0u, 0u) < 0) return last_error("close_range", "close descriptors");
  prctl(PR_SET_DUMPABLE, 0);
  umask(0);
  const rlimit memory{kMemoryBytes, kMemoryBytes};
  if (setrlimit(RLIMIT_AS, &memory) < 0) return last_error("setrlimit", "limit memory");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return last_error("prctl", "no new privileges");
  if (auto s = keep_capabilities(); !s.ok()) return s;
  return allow_only_files();
}

}  // namespace tsd::layer
