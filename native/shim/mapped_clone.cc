#include "shim/mapped_clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cgroups.h"
#include "core/child_stack.h"
#include "core/credentials.h"
#include "core/files.h"
#include "core/kernel.h"
#include "shim/base.h"
#include "shim/container_process.h"

namespace tsd::shim {
namespace {

constexpr size_t kStackBytes = 256 * 1024;

// Shared with the process in between, which runs in our memory and with our descriptors until it ends.
struct Work {
  const MappedClone* request;
  MappedProcess made;
  Status status;
};

Status join_cgroups(const Container& container) {
  if (container.cgroup_version == 1) return join_tasks(container.task_files, container.task_file_count);
  return container.task_file_count > 0 ? join_directory(container.task_files[0]) : Status();
}

Status mount_below(int tree, const char* type, const char* name) {
  if (mkdirat(tree, name, 0555) < 0) return last_error("mkdirat", "user namespace", name);
  auto mounted = filesystem_mount(type, type, {}, 0);
  if (!mounted.ok()) return mounted.error();
  UniqueFd place(openat(tree, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return last_error("open", "user namespace", name);
  return attach_mount(mounted.value().get(), place.get());
}

Status make_first_tree() {
  auto tree = filesystem_mount("tmpfs", "tsdocker", {}, 0);
  if (!tree.ok()) return tree.error();
  const int top = tree.value().get();
  if (const Status entered = enter_base(kBaseNamespaceFd, top, "user namespace"); !entered.ok()) return entered;
  if (const Status made = mount_below(top, "proc", "proc"); !made.ok()) return made;
  if (const Status made = mount_below(top, "sysfs", "sys"); !made.ok()) return made;
  return mkdirat(top, "root", 0555) < 0 ? Status(last_error("mkdirat", "user namespace")) : Status();
}

// No libc wrapper: those of setuid and the like would signal threads, and there are none here.
Status become_mapped_root(int userns) {
  if (setns(userns, CLONE_NEWUSER) < 0) return last_error("setns", "user namespace");
  return become_user(0, 0, nullptr, 0);
}

Status prepare(const MappedClone& request) {
  if (const Status joined = join_cgroups(*request.container); !joined.ok()) return joined;
  if (const Status raised = raise_limits(*request.plan); !raised.ok()) return raised;
  if (const Status made = make_first_tree(); !made.ok()) return made;
  if (const Status became = become_mapped_root(request.container->owners.userns); !became.ok()) return became;
  // Here and not in the shim, who has to know the new process by its number in the host's.
  if (request.pid_namespace >= 0 && setns(request.pid_namespace, CLONE_NEWPID) < 0) return last_error("setns");
  return {};
}

int between(void* argument) {
  auto* work = static_cast<Work*>(argument);
  if (work->status = prepare(*work->request); !work->status.ok()) return 1;
  kernel::CloneArguments arguments;
  // A namespace joined instead of made is entered by the new process itself.
  arguments.flags = work->request->flags | CLONE_NEWNS | CLONE_PARENT | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&work->made.pidfd);
  const pid_t pid = kernel::clone3(arguments);
  if (pid == 0) {
    work->request->run(work->request->argument);
    _exit(127);
  }
  if (pid < 0) work->status = last_error("clone3", "user namespace");
  work->made.pid = pid;
  return 0;
}

// The soft and the hard limit, each at least as wanted.
Status raise_limit(const Op& op) {
  rlimit64 now{};
  if (syscall(SYS_prlimit64, 0, op.s2, nullptr, &now) < 0) return last_error("prlimit64");
  const rlimit64 raised{now.rlim_cur > op.n1 ? now.rlim_cur : op.n1, now.rlim_max > op.n2 ? now.rlim_max : op.n2};
  if (raised.rlim_cur == now.rlim_cur && raised.rlim_max == now.rlim_max) return {};
  if (syscall(SYS_prlimit64, 0, op.s2, &raised, nullptr) < 0) return last_error("prlimit64");
  return {};
}

}  // namespace

Status raise_limits(const Plan& plan) {
  for (uint32_t i = 0; i < plan.size(); i++) {
    const Op& op = plan.op(i);
    if (op.code == OpCode::kResourceLimit) {
      if (const Status raised = raise_limit(op); !raised.ok()) return raised;
    }
    if (op.code == OpCode::kOomScore) {
      const Status written = write_file("/proc/self/oom_score_adj", oom_score_text(op).c_str());
      if (!written.ok()) return written;
    }
  }
  return {};
}

Result<MappedProcess> clone_mapped(const MappedClone& request) {
  const ChildStack stack(kStackBytes);
  if (!stack) return last_error("mmap", "user namespace");
  Work work{&request};
  // The new process gets the signal that this one was made with.
  const pid_t pid = clone(between, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &work);
  const int failed = errno;
  // Entering the namespace has told the kernel that our memory may be looked into no more than before, or less.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (pid < 0) return Error{failed, "clone", "user namespace", ""};
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | __WALL) < 0 && errno == EINTR) {
  }
  if (!work.status.ok()) return work.status.error();
  return work.made;
}

Status enter_mapped_root(int rootfs) {
  UniqueFd place(open("/root", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return last_error("open", "rootfs");
  if (const Status attached = attach_mount(rootfs, place.get()); !attached.ok()) return attached;
  if (fchdir(rootfs) < 0) return last_error("fchdir", "rootfs");
  if (syscall(SYS_pivot_root, ".", ".") < 0) return last_error("pivot_root", "rootfs");
  return {};
}

Status drop_first_tree() {
  // Lies on top of the root, where no path leads but this one.
  if (umount2(".", MNT_DETACH) < 0) return last_error("umount2", "rootfs");
  return {};
}

}  // namespace tsd::shim
