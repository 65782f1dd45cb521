#include "layer/list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "core/fd.h"
#include "core/root_path.h"
#include "layer/names.h"
#include "layer/path.h"

namespace tsd::layer {

namespace {

constexpr int kMaxDepth = 512;
// A tree of somebody else must not fill the daemon's memory.
constexpr size_t kMaxBytes = 64 << 20;

bool fail(const std::string& path, int error, std::string* message) {
  *message = "list /" + printable(path) + ": " + strerror(error);
  return false;
}

bool add_names(int directory, const std::string& path, int depth, std::string* out, std::string* message) {
  std::vector<std::string> names;
  if (const int error = read_names(directory, &names); error != 0) return fail(path, error, message);
  std::sort(names.begin(), names.end());
  for (const std::string& base : names) {
    const std::string name = path.empty() ? base : path + "/" + base;
    struct stat st;
    if (fstatat(directory, base.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) continue;
      return fail(name, errno, message);
    }
    if (out->size() > kMaxBytes) return fail(name, E2BIG, message);
    out->push_back(S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : 'f');
    out->push_back(' ');
    out->append(name.c_str(), name.size() + 1);
    if (!S_ISDIR(st.st_mode) || depth <= 1) continue;
    const UniqueFd child(openat(directory, base.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child) return fail(name, errno, message);
    if (!add_names(child.get(), name, depth - 1, out, message)) return false;
  }
  return true;
}

}  // namespace

bool list_below(int root, const std::string& path, int depth, std::string* out, std::string* message) {
  auto top = open_in_root(root, path.c_str());
  if (!top.ok()) return fail(path, top.error().errnum, message);
  // What was opened to be passed through cannot be read.
  const UniqueFd directory(openat(top.value().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail(path, errno, message);
  return add_names(directory.get(), "", std::min(depth, kMaxDepth), out, message);
}

}  // namespace tsd::layer
