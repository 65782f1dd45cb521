// What is at a path of a container, as `docker cp` asks.
#pragma once
#include <sys/stat.h>

#include <string>

namespace tsd::layer {

struct Found {
  // Of the last component itself: a symlink is not followed.
  struct stat st;
  // The path with its parents' symlinks resolved.
  std::string resolved;
  // For a symlink: where it leads inside the root, also when nothing is there.
  std::string target;
};

// Returns 0 or errno.
int look_up(int root, const std::string& path, Found* found);

}  // namespace tsd::layer
