// Whole directory trees, by descriptors and never by path strings: names may be any bytes and trees any depth.
#pragma once
#include <stdint.h>

#include "core/error.h"

namespace tsd::tree {

// Removes `name` in the directory `parent`, whatever it is. Missing is not an error. Does not follow symlinks.
Status remove(int parent, const char* name);

// Bytes of the files and symlinks below `path`, each inode once, directories not counted.
Result<uint64_t> content_bytes(const char* path);

}  // namespace tsd::tree
