// Control group directories of version 1 and 2: what has to be done in them besides plain writes.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "core/fd.h"

namespace tsd {

// Sends SIGKILL to every process in the directory and below. Returns how many were seen, -1 when it is gone.
int kill_cgroup(const char* directory);

// Removes the directory and those a container made below it. False while something still lives there.
bool remove_cgroup(const char* directory);

// Processes the kernel's out-of-memory killer has ended in it so far; 0 when it cannot be read.
uint64_t oom_kill_count(const char* directory, int version);

// Puts the calling thread into groups of version 1, by their open `tasks` files. Not cgroup.procs: that write waits for
// an RCU period of all CPUs.
Status join_tasks(const int* files, int count);

// Puts the calling process into the group of version 2 whose directory this is: where clone3 could not.
Status join_directory(int directory);

// A descriptor that becomes readable on an out-of-memory event: an eventfd (v1) or an inotify one (v2).
Result<UniqueFd> watch_oom(const char* directory, int version);

// Asks for the state; `frozen_state` tells when it is reached.
Status set_frozen(const char* directory, int version, bool frozen);
// 1 frozen, 0 not, -1 unreadable.
int frozen_state(const char* directory, int version);

// Loads a BPF_PROG_TYPE_CGROUP_DEVICE program and attaches it beside those of the parents.
Status attach_device_program(const char* directory, const void* instructions, size_t bytes);

}  // namespace tsd
