// Mounts made detached (fsopen, open_tree) and put in place later: nothing appears in the host's tree.
#pragma once
#include <stdint.h>

#include "core/error.h"
#include "core/fd.h"

namespace tsd {

// Zero-terminated strings one after the other.
struct StringList {
  const char* first = "";
  uint32_t count = 0;
};

// Owners as a user namespace sees them: what belongs to its root is root's on disk.
struct OwnerMap {
  int userns = -1;            // -1: none
  uint32_t uid = 0, gid = 0;  // of its root, outside
};

struct OverlayRequest {
  StringList lowers;       // top one first
  const char* upper = "";  // empty: a read-only mount of the lowers
  const char* work = "";
  bool is_volatile = false;  // no sync at unmount
  bool classic = false;      // use mount(2) although the kernel takes lowers one by one
  OwnerMap owners;           // needs upper and work in one directory
};

Result<UniqueFd> overlay_mount(const OverlayRequest& request);

struct BindRequest {
  const char* source = "";
  bool recursive = false;
  uint64_t set = 0, clear = 0;  // MOUNT_ATTR_*
  bool attributes_recursive = false;
  uint64_t propagation = 0;  // MS_PRIVATE, MS_SLAVE, MS_SHARED or 0
  bool propagation_recursive = false;
  OwnerMap owners;  // of the tree's top mount
};

Result<UniqueFd> bind_mount(const BindRequest& request);

// A new file system: options are `key=value` or `flag`; of the namespaces of the caller where the type has some.
Result<UniqueFd> filesystem_mount(const char* type, const char* source, StringList options, uint64_t attributes);

// Puts a detached mount onto an O_PATH descriptor.
Status attach_mount(int mount, int target);

Status set_mount_attributes(int mount, uint64_t set, uint64_t clear, bool recursive);

}  // namespace tsd
