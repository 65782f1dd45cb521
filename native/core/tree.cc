#include "core/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <unordered_set>

#include "core/fd.h"

namespace tsd::tree {

namespace {

// Deeper directories are first moved up to the top, so that a tree of any depth needs few descriptors.
constexpr int kMaxDepth = 64;
// Measuring cannot move anything; it gives up on deeper trees.
constexpr int kMaxMeasuredDepth = 512;
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

class Directory {
 public:
  explicit Directory(int fd) : stream_(fdopendir(fd)) {
    if (!stream_) ::close(fd);
  }
  ~Directory() {
    if (stream_) closedir(stream_);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  explicit operator bool() const { return stream_ != nullptr; }
  int fd() const { return dirfd(stream_); }
  void rewind() { rewinddir(stream_); }
  // The next name that is not . or .., or null at the end (errno 0) or on failure.
  const char* next() {
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(stream_);
      if (!entry) return nullptr;
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
    }
  }

 private:
  DIR* stream_;
};

struct Removal {
  int top;
  uint64_t moved = 0;
};

Status remove_children(int fd, int depth, Removal& removal);

Status remove_entry(int parent, const char* name, int depth, Removal& removal) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return last_error("unlinkat", "remove tree");
  // EPERM may also be an immutable file: then opening it as a directory fails, too.
  const int fd = openat(parent, name, kOpenDirectory);
  if (fd < 0) return last_error("openat", "remove tree");
  if (depth >= kMaxDepth) {
    UniqueFd guard(fd);
    char unique[32];
    for (;;) {
      snprintf(unique, sizeof unique, ".moved-%llu", static_cast<unsigned long long>(removal.moved++));
      if (renameat(parent, name, removal.top, unique) == 0) return {};
      if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) return last_error("renameat", "remove tree");
    }
  }
  if (auto s = remove_children(fd, depth + 1, removal); !s.ok()) return s;
  if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT) return last_error("unlinkat", "remove tree");
  return {};
}

// Takes over `fd`. Scans again until a pass finds nothing: removing while reading may skip names.
Status remove_children(int fd, int depth, Removal& removal) {
  Directory directory(fd);
  if (!directory) return last_error("fdopendir", "remove tree");
  for (bool found = true; found;) {
    found = false;
    while (const char* name = directory.next()) {
      found = true;
      if (auto s = remove_entry(directory.fd(), name, depth, removal); !s.ok()) return s;
    }
    if (errno != 0) return last_error("readdir", "remove tree");
    directory.rewind();
  }
  return {};
}

// The tree's bytes are kept apart from the walk so that one inode with many names counts once.
struct Measure {
  uint64_t bytes = 0;
  std::unordered_set<uint64_t> linked;
};

Status measure(int fd, int depth, Measure& out) {
  Directory directory(fd);
  if (!directory) return last_error("fdopendir", "measure tree");
  if (depth > kMaxMeasuredDepth) return Error{ELOOP, "openat", "measure tree"};
  while (const char* name = directory.next()) {
    struct stat st;
    if (fstatat(directory.fd(), name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) continue;
      return last_error("fstatat", "measure tree");
    }
    if (S_ISDIR(st.st_mode)) {
      const int child = openat(directory.fd(), name, kOpenDirectory);
      if (child < 0) {
        if (errno == ENOENT || errno == ENOTDIR) continue;  // a running container changes its tree meanwhile
        return last_error("openat", "measure tree");
      }
      if (auto s = measure(child, depth + 1, out); !s.ok()) return s;
    } else if (st.st_nlink < 2 || out.linked.insert(st.st_ino).second) {
      out.bytes += static_cast<uint64_t>(st.st_size);
    }
  }
  if (errno != 0) return last_error("readdir", "measure tree");
  return {};
}

}  // namespace

Status remove(int parent, const char* name) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return last_error("unlinkat", "remove tree");
  const UniqueFd top(openat(parent, name, kOpenDirectory));
  if (!top) return last_error("openat", "remove tree");
  Removal removal{top.get()};
  // Children that were moved up are found by the next pass over the top.
  const int scan = fcntl(top.get(), F_DUPFD_CLOEXEC, 3);
  if (scan < 0) return last_error("fcntl", "remove tree");
  if (auto s = remove_children(scan, 0, removal); !s.ok()) return s;
  if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT) return last_error("unlinkat", "remove tree");
  return {};
}

Result<uint64_t> content_bytes(const char* path) {
  const int fd = open(path, kOpenDirectory);
  if (fd < 0) return last_error("open", "measure tree", path);
  Measure measured;
  if (auto s = measure(fd, 0, measured); !s.ok()) return s.error();
  return measured.bytes;
}

}  // namespace tsd::tree
