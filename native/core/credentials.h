// User, groups and capabilities of the calling process, by raw system calls: libc's wrappers signal every thread.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

namespace tsd {

// Bit n is capability n.
struct CapabilitySets {
  uint64_t effective = 0, permitted = 0, inheritable = 0, ambient = 0;
};

// Removes from the bounding set all that are not in `kept`.
Status limit_bounding_set(uint64_t kept);

// Keeps the permitted capabilities, so that set_capabilities can choose among them afterwards.
Status become_user(uint32_t uid, uint32_t gid, const uint32_t* groups, uint32_t group_count);

// Who files are made and looked up as, apart from what the process is otherwise.
struct FileSystemIdentity {
  uint32_t uid = 0, gid = 0;
};

// Returns the one before. The rights of root over files stay: the kernel would drop them with its uid.
FileSystemIdentity act_on_files_as(FileSystemIdentity who);

Status set_capabilities(const CapabilitySets& sets);

}  // namespace tsd
