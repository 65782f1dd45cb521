// The mount namespace every container starts from: one empty file system.
#pragma once
#include "core/error.h"

namespace tsd::shim {

// Mode `base`: makes it, sends it over descriptor 3 and ends.
int base_main();

// Into a copy of the base namespace, with the detached mount `root` on top of it as the root.
Status enter_base(int base_namespace, int root, const char* step);

}  // namespace tsd::shim
