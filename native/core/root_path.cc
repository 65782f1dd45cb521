#include "core/root_path.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/kernel.h"
#include "core/text.h"

namespace tsd {
namespace {

constexpr int kMaxLinks = 40;

int resolve(int root, const char* path, int flags) {
  const kernel::OpenHow how{static_cast<uint64_t>(flags) | O_PATH | O_CLOEXEC, 0, kernel::kResolveInRoot};
  for (int attempt = 0;; attempt++) {
    const int fd = kernel::openat2(root, path[0] == '\0' ? "." : path, how);
    // A rename elsewhere in the tree makes the kernel unsure about `..`; it asks to try again.
    if (fd >= 0 || errno != EAGAIN || attempt == 64) return fd;
  }
}

// One missing component below `parent`. EEXIST is left to the caller's next look.
Status make_component(int parent, const char* name, bool directory) {
  if (directory) {
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) return last_error("mkdirat");
    return {};
  }
  UniqueFd file(openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file && errno != EEXIST) return last_error("openat");
  return {};
}

}  // namespace

Result<UniqueFd> open_in_root(int root, const char* path) {
  UniqueFd fd(resolve(root, path, 0));
  if (!fd) return last_error("openat2");
  return Result<UniqueFd>(std::move(fd));
}

Result<UniqueFd> make_in_root(int root, const char* path, bool directory) {
  Text<PATH_MAX> current;
  current.add(path);
  for (int links = 0; links <= kMaxLinks;) {
    if (current.cut()) return Error{ENAMETOOLONG, "openat2", "", ""};
    UniqueFd whole(resolve(root, current.c_str(), 0));
    if (whole) return Result<UniqueFd>(std::move(whole));
    if (errno != ENOENT) return last_error("openat2");

    // Down to the first component that is missing.
    UniqueFd parent(resolve(root, ".", O_DIRECTORY));
    const char* cursor = current.c_str();
    const char* missing = nullptr;
    size_t length = 0;
    while (missing == nullptr) {
      while (*cursor == '/') cursor++;
      if (*cursor == '\0') break;
      length = strcspn(cursor, "/");
      Text<PATH_MAX> prefix;
      prefix.add(current.c_str(), static_cast<size_t>(cursor - current.c_str()) + length);
      UniqueFd next(resolve(root, prefix.c_str(), 0));
      if (next) {
        parent = std::move(next);
        cursor += length;
      } else if (errno == ENOENT) {
        missing = cursor;
      } else {
        return last_error("openat2");
      }
    }
    if (missing == nullptr) continue;
    Text<NAME_MAX + 1> name;
    name.add(missing, length);
    const char* rest = missing + length;
    char target[PATH_MAX];
    const ssize_t target_length = readlinkat(parent.get(), name.c_str(), target, sizeof target);
    if (target_length > 0) {
      Text<PATH_MAX> expanded;
      if (target[0] != '/') expanded.add(current.c_str(), static_cast<size_t>(missing - current.c_str()));
      expanded.add(target, static_cast<size_t>(target_length)).add(rest);
      if (expanded.cut()) return Error{ENAMETOOLONG, "readlinkat", "", ""};
      current = expanded;
      links++;
      continue;
    }
    const bool last = rest[strspn(rest, "/")] == '\0';
    const Status made = make_component(parent.get(), name.c_str(), !last || directory);
    if (!made.ok()) return made.error();
  }
  return Error{ELOOP, "openat2", "", ""};
}

Result<UniqueFd> make_parent_in_root(int root, const char* path, const char** name) {
  const char* slash = strrchr(path, '/');
  *name = slash == nullptr ? path : slash + 1;
  Text<PATH_MAX> parent;
  if (slash != nullptr) parent.add(path, static_cast<size_t>(slash - path));
  return make_in_root(root, parent.c_str(), true);
}

}  // namespace tsd
