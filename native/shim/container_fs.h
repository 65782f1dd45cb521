// The plan's operations on the container's file system, done by the container's process inside its root.
#pragma once
#include "shim/plan.h"

namespace tsd::shim {

// Does nothing for operations of another kind. `prepared`: the detached mount made for this operation, or -1;
// `terminal`: the pty's master for the console.
Status apply_file_system(const Plan& plan, const Op& op, int prepared, int terminal, int root);

// A kDevice operation's node at `path` below `root`.
Status make_device(const Op& op, int root, const char* path);

}  // namespace tsd::shim
