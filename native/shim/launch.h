// From a plan to a process: what the shim prepares in the host's view, and the clone.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "core/fd.h"
#include "shim/plan.h"

namespace tsd::shim {

// The shim's ends of a started process.
struct Process {
  pid_t pid = -1;
  UniqueFd channel;   // ChildMessage, then end of file
  UniqueFd terminal;  // the pty's master
  UniqueFd input;     // of a pipe
  UniqueFd output[2];
};

// What of the container an exec needs again.
struct Container {
  UniqueFd init;    // pidfd
  UniqueFd devpts;  // its terminals
  bool own_pid_namespace = false;
  UniqueFd userns;
  OwnerMap owners;  // of that namespace; none without one
  int cgroup_version = 0;
  int task_files[32];  // version 1: open `tasks` files; version 2: one directory
  int task_file_count = 0;
};

struct LaunchError {
  bool failed = false;
  uint32_t op = 0;
  Error error;
};

// Descriptors handed over by the daemon.
// After these come those whose numbers the plan tells: a network namespace, sockets to hold.
constexpr int kPlanFd = 3, kListenerFd = 4, kBaseNamespaceFd = 5;

// Carries out the plan's cgroup operations.
LaunchError make_cgroups(const Plan& plan, Container* container);

// Removes the cgroups the plan made. False while processes are left; those have been killed.
bool remove_cgroups(const Plan& plan);

// Makes the container's first process, which waits for a byte in its channel before the program runs.
LaunchError launch(const Plan& plan, Container* container, Process* process);

// Makes a further process in a running container.
LaunchError launch_exec(const Plan& plan, Container* container, Process* process);

}  // namespace tsd::shim
