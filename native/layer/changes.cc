#include "layer/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/fd.h"
#include "layer/names.h"
#include "layer/path.h"

namespace tsd::layer {

namespace {

constexpr int kMaxDepth = 512;
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Docker's idea of a difference: times and sizes count, but not those of directories.
bool differs(const struct stat& a, const struct stat& b) {
  if (a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid || a.st_rdev != b.st_rdev) return true;
  if (S_ISDIR(a.st_mode)) return false;
  return a.st_size != b.st_size || a.st_mtim.tv_sec != b.st_mtim.tv_sec || a.st_mtim.tv_nsec != b.st_mtim.tv_nsec;
}

void note(std::string* out, char kind, const std::string& path) {
  out->push_back(kind);
  out->push_back(' ');
  out->append(path.c_str(), path.size() + 1);
}

class Comparison {
 public:
  explicit Comparison(std::string* message) : message_(message) {}

  // `below`: the same directory of the layers, or -1 when they have none.
  bool directory(int upper, int below, const std::string& path, int depth, std::string* out) {
    if (depth > kMaxDepth) return fail(path, ELOOP);
    std::vector<std::string> names;
    if (const int error = read_names(upper, &names); error != 0) return fail(path, error);
    char value[2];
    const bool opaque = fgetxattr(upper, kOpaqueXattr, value, sizeof value) == 1 && value[0] == 'y';
    // Everything below an opaque directory that is not made anew is gone.
    if (opaque && below >= 0)
      if (const int error = read_names(below, &names); error != 0) return fail(path, error);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& name : names)
      if (!entry(upper, below, name, path + "/" + name, depth, out)) return false;
    return true;
  }

 private:
  bool fail(const std::string& path, int error) {
    *message_ = "compare " + printable(path) + ": " + strerror(error);
    return false;
  }

  bool entry(int upper, int below, const std::string& name, const std::string& path, int depth, std::string* out) {
    struct stat now, before;
    const bool was = below >= 0 && fstatat(below, name.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0;
    const bool is = fstatat(upper, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && !is_whiteout(now);
    if (!is) {
      if (was) note(out, 'D', path);
      return true;
    }
    std::string inside;
    if (S_ISDIR(now.st_mode)) {
      const UniqueFd child(openat(upper, name.c_str(), kOpenDirectory));
      if (!child) return errno == ENOENT || errno == ENOTDIR || fail(path, errno);
      const bool both = was && S_ISDIR(before.st_mode);
      const UniqueFd child_below(both ? openat(below, name.c_str(), kOpenDirectory) : -1);
      if (!directory(child.get(), child_below.get(), path, depth + 1, &inside)) return false;
    }
    if (!was)
      note(out, 'A', path);
    else if (!inside.empty() || differs(now, before))
      note(out, 'C', path);
    *out += inside;
    return true;
  }

  std::string* message_;
};

}  // namespace

bool list_changes(int upper, int lower, std::string* out, std::string* message) {
  return Comparison(message).directory(upper, lower, "", 0, out);
}

}  // namespace tsd::layer
