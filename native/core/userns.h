// User namespaces. A process must have one thread to make or enter one, so a short-lived child in our memory does it;
// the namespace lives on in its descriptor.
#pragma once
#include "core/error.h"
#include "core/fd.h"

namespace tsd::userns {

// A new one. The maps are the text of /proc/<pid>/uid_map and gid_map: lines of `inside outside count`.
Result<UniqueFd> create(const char* uid_map, const char* gid_map);

// A new network namespace that belongs to it: only then its root may configure it.
Result<UniqueFd> network_namespace_of(int userns_fd);

}  // namespace tsd::userns
