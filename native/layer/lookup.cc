#include "layer/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <deque>
#include <vector>

#include "core/root_path.h"
#include "layer/names.h"

namespace tsd::layer {

namespace {

constexpr int kMaxLinks = 255;

void push_front(std::deque<std::string>* todo, const std::string& path) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= path.size();) {
    size_t end = path.find('/', at);
    if (end == std::string::npos) end = path.size();
    if (end > at && path.compare(at, end - at, ".") != 0) parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  todo->insert(todo->begin(), parts.begin(), parts.end());
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
  return out;
}

// The path with its symlinks resolved, as text: whoever uses it resolves it below the root again, so a tree that
// changes meanwhile can make the answer wrong but never lead out. Missing parts stay as they are.
int resolve_text(int root, const std::string& path, bool follow_last, std::string* out) {
  std::deque<std::string> todo;
  push_front(&todo, path);
  std::vector<std::string> done;
  int links = 0;
  while (!todo.empty()) {
    const std::string part = todo.front();
    todo.pop_front();
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    char target[PATH_MAX];
    ssize_t length = -1;
    if (!todo.empty() || follow_last) {
      auto parent = open_in_root(root, join(done).c_str());
      if (parent.ok()) length = readlinkat(parent.value().get(), part.c_str(), target, sizeof target);
    }
    if (length < 0) {
      done.push_back(part);
      continue;
    }
    if (++links > kMaxLinks) return ELOOP;
    if (length > 0 && target[0] == '/') done.clear();
    push_front(&todo, std::string(target, static_cast<size_t>(length)));
  }
  *out = join(done);
  return 0;
}

}  // namespace

int look_up(int root, const std::string& path, Found* found) {
  if (const int error = resolve_text(root, path, false, &found->resolved); error != 0) return error;
  std::string directory, base;
  split_path(found->resolved, &directory, &base);
  auto parent = open_in_root(root, directory.c_str());
  if (!parent.ok()) return parent.error().errnum;
  if (fstatat(parent.value().get(), base.empty() ? "." : base.c_str(), &found->st, AT_SYMLINK_NOFOLLOW) < 0)
    return errno;
  return S_ISLNK(found->st.st_mode) ? resolve_text(root, path, true, &found->target) : 0;
}

}  // namespace tsd::layer
