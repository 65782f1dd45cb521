// What the container's own process does between its clone and its execve.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "shim/plan.h"

namespace tsd::shim {

// The process at the other end of `Child::channel` gets one of these in a message, or an end of file: executed.
struct ChildMessage {
  enum : uint32_t { kExecuting = 1, kFailed = 2 };
  uint32_t kind;
  uint32_t op;  // index of the operation that failed
  int32_t errnum;
  char call[28];    // "lookup": argv[0] was not found; "execve", else the system call that failed
  char path[1024];  // what it was about when the plan does not say it
};

struct Child {
  const Plan* plan;
  int channel;
  int stdin_fd, stdout_fd, stderr_fd;  // ignored with a terminal
  int terminal;                        // the pty's master, or -1
  const int* cgroup_tasks;             // version 1: files the child writes 0 to
  int cgroup_task_count;
  const int* prepared;  // a detached mount for each operation, or -1
  int rootfs;           // the detached root, -1 for an exec
  bool mapped;          // it is, or an exec becomes, root of a user namespace
  int base_namespace;   // the empty mount namespace, -1 for an exec
  const int* join;      // namespaces to enter: descriptors and their CLONE_NEW* kinds
  const int* join_kinds;
  int join_count;
  uint64_t unshare_flags;  // CLONE_NEWCGROUP: after the groups are joined
  int init;                // pidfd whose namespaces an exec enters, or -1
};

// Never returns: executes the program, or reports why not and ends.
[[noreturn]] void contain(const Child& child);

}  // namespace tsd::shim
