// The first process of a container with a user namespace. What needs the host's rights has to be done before the
// namespace is entered, and all other namespaces have to be made after it, so a process in between does both.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "shim/launch.h"
#include "shim/plan.h"

namespace tsd::shim {

struct MappedClone {
  const Plan* plan;
  const Container* container;
  uint64_t flags;      // CLONE_NEW* of the container
  int pid_namespace;   // to join, or -1
  void (*run)(void*);  // in the new process; does not return
  void* argument;
};

struct MappedProcess {
  pid_t pid = -1;
  int pidfd = -1;
};

// The new process is the caller's child. It starts in a mount namespace whose root is a small tree of its own with
// /proc and /sys, without which the kernel would not let it mount its own, and /root for the container's.
Result<MappedProcess> clone_mapped(const MappedClone& request);

// Raises the limits that only the host's root may raise, and sets the out-of-memory score. Setting them in their turn
// then only lowers.
Status raise_limits(const Plan& plan);

// In the new process: onto the container's root, below which the tree it started with stays until it is dropped.
Status enter_mapped_root(int rootfs);
Status drop_first_tree();

}  // namespace tsd::shim
