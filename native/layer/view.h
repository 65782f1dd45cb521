// The tree a helper works on: a directory as it is, or a container's root file system put together from its layers.
#pragma once
#include "core/error.h"
#include "core/fd.h"
#include "layer/arguments.h"

namespace tsd::layer {

struct View {
  UniqueFd root;
  // What `root` is compared with, where the task compares.
  UniqueFd lower;
};

// In a mount namespace of its own, which goes with the process:
//   root=PATH                          a directory
//   pid=PID keep=PATH...               the root file system of a process, and of what is mounted over it only these
//   lower=PATH... upper=PATH work=PATH an overlay, top lower first; without `upper` it is read-only
//   bind=SOURCE at=TARGET              pairs, bound into it
//   base=PATH...                       `lower` of the view, top first
Result<View> open_view(const Arguments& arguments);

}  // namespace tsd::layer
