// Paths of a container, resolved so that no symlink or `..` of it leads outside its root.
#pragma once
#include <sys/types.h>

#include "core/error.h"
#include "core/fd.h"

namespace tsd {

// O_PATH descriptor of an existing path below `root`; the last component is followed. ENOENT when missing.
Result<UniqueFd> open_in_root(int root, const char* path);

// The same, making what is missing: directories (0755), and as the last component a directory or an empty file (0644).
// A dangling symlink on the way gets its target made.
Result<UniqueFd> make_in_root(int root, const char* path, bool directory);

// O_PATH descriptor of the parent directory, made when missing; `name` is the last component, inside `path`.
Result<UniqueFd> make_parent_in_root(int root, const char* path, const char** name);

}  // namespace tsd
