#include "shim/contain.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/cgroups.h"
#include "core/credentials.h"
#include "core/kernel.h"
#include "core/mounts.h"
#include "shim/base.h"
#include "shim/container_fs.h"
#include "shim/container_process.h"
#include "shim/mapped_clone.h"

namespace tsd::shim {
namespace {

[[noreturn]] void fail(const Child& child, uint32_t op, const Error& error) {
  static ChildMessage message;
  message.kind = ChildMessage::kFailed;
  message.op = op;
  message.errnum = error.errnum;
  strncpy(message.call, error.syscall, sizeof message.call - 1);
  strncpy(message.path, error.path, sizeof message.path - 1);
  [[maybe_unused]] const ssize_t sent = write(child.channel, &message, sizeof message);
  _exit(127);
}

// The parent blocks all signals; the program starts with none blocked and none ignored.
void reset_signals() {
  for (int i = 1; i <= 64; i++) {
    if (i != SIGKILL && i != SIGSTOP) signal(i, SIG_DFL);
  }
  const uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, 8);
}

// The shim is the only one that can end us when it dies: it knows how to clean up, nobody else would.
Status follow_parent(const Child& child) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return last_error("prctl");
  pollfd state{child.channel, POLLOUT, 0};
  if (poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0) _exit(127);
  return {};
}

Status enter_namespaces(const Child& child) {
  if (child.unshare_flags != 0 && unshare(static_cast<int>(child.unshare_flags)) < 0) return last_error("unshare");
  for (int i = 0; i < child.join_count; i++) {
    if (setns(child.join[i], child.join_kinds[i]) < 0) return last_error("setns");
  }
  if (child.init < 0) return {};
  const int user = child.mapped ? CLONE_NEWUSER : 0;
  if (setns(child.init, user | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP) < 0)
    return last_error("setns");
  return child.mapped ? become_user(0, 0, nullptr, 0) : Status();
}

// The base namespace holds one empty file system; the root goes on top of it, and the process with it.
Status enter_root(const Child& child) {
  return child.mapped ? enter_mapped_root(child.rootfs) : enter_base(child.base_namespace, child.rootfs, "rootfs");
}

Status set_up_stdio(const Child& child) {
  if (syscall(SYS_setsid) < 0) return last_error("setsid");
  int fds[3] = {child.stdin_fd, child.stdout_fd, child.stderr_fd};
  if (child.terminal >= 0) {
    const int slave = ioctl(child.terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return last_error("ioctl", "console");
    if (ioctl(slave, TIOCSCTTY, 0) < 0) return last_error("ioctl", "console");
    fds[0] = fds[1] = fds[2] = slave;
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(fds[i], i) < 0) return last_error("dup2");
  }
  return {};
}

void wait_for_go(const Child& child) {
  char go;
  ssize_t got;
  do got = read(child.channel, &go, 1);
  while (got < 0 && errno == EINTR);
  // The shim gave up or is gone.
  if (got != 1) _exit(127);
}

}  // namespace

void contain(const Child& child) {
  const Plan& plan = *child.plan;
  const uint32_t set_up = plan.size();  // stands for what happens before the first operation
  Status status = follow_parent(child);
  if (status.ok()) status = join_tasks(child.cgroup_tasks, child.cgroup_task_count);
  if (!status.ok()) fail(child, set_up, status.error());

  ProcessState state;
  state.mapped = child.mapped;
  // What only the host's root may raise; the first process has been given it before its namespace was entered.
  if (child.mapped && child.init >= 0 && (status = raise_limits(plan), !status.ok()))
    fail(child, set_up, status.error());
  // Files of the host's /proc are opened while it is still in sight.
  if (status = open_host_files(plan, &state); !status.ok()) fail(child, set_up, status.error());
  if (status = enter_namespaces(child); !status.ok()) fail(child, set_up, status.error());
  if (child.rootfs >= 0 && (status = enter_root(child), !status.ok())) fail(child, set_up, status.error());
  if (status = set_up_stdio(child); !status.ok()) fail(child, set_up, status.error());
  state.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (state.root < 0) fail(child, set_up, last_error("open"));

  for (uint32_t i = 0; i < plan.size(); i++) {
    const Op& op = plan.op(i);
    switch (op.code) {
      case OpCode::kWaitForGo:
        wait_for_go(child);
        continue;
      case OpCode::kExecute: {
        // Changing the user cleared the death signal.
        if (status = follow_parent(child); !status.ok()) fail(child, i, status.error());
        if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 && errno != ENOSYS)
          fail(child, i, last_error("close_range"));
        reset_signals();
        const uint32_t executing = ChildMessage::kExecuting;
        [[maybe_unused]] const ssize_t sent = write(child.channel, &executing, sizeof executing);
        fail(child, i, execute(plan, op));
      }
      case OpCode::kDropFirstTree:
        if (status = drop_first_tree(); !status.ok()) fail(child, i, status.error());
        continue;
      default:
        break;
    }
    status =
        apply_file_system(plan, op, child.prepared == nullptr ? -1 : child.prepared[i], child.terminal, state.root);
    if (status.ok()) status = apply_process(plan, op, &state);
    if (!status.ok()) fail(child, i, status.error());
  }
  fail(child, set_up, Error{ENOEXEC, "execve", "", ""});
}

}  // namespace tsd::shim
