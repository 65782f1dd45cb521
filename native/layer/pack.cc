#include "layer/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/root_path.h"
#include "layer/names.h"
#include "layer/path.h"

namespace tsd::layer {

namespace {

constexpr int kMaxDepth = 512;
constexpr size_t kMaxXattrBytes = 64 << 10;

bool kept_xattr(std::string_view name) {
  if (name.starts_with("user.overlay.")) return false;
  return name.starts_with("user.") || name == "security.capability" || name.starts_with("system.posix_acl_");
}

}  // namespace

bool Packer::fail(const std::string& path, const char* action, int error) {
  message_ = std::string(action) + " /" + printable(path) + ": " + strerror(error);
  return false;
}

bool Packer::run() {
  if (options_.path.empty()) {
    const UniqueFd top(openat(root_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!top) return fail("", "open directory", errno);
    return add_directory(top.get(), options_.name, 0);
  }
  std::string directory, base;
  split_path(options_.path, &directory, &base);
  auto parent = open_in_root(root_, directory.c_str());
  if (!parent.ok()) return fail(directory, "open directory", parent.error().errnum);
  return add(parent.value().get(), base.c_str(), options_.name, 0);
}

bool Packer::add(int parent, const char* base, const std::string& name, int depth) {
  struct stat st;
  if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return (errno == ENOENT && depth > 0) || fail(name, "stat", errno);
  if (S_ISSOCK(st.st_mode)) return true;
  if (options_.whiteouts && is_whiteout(st)) return whiteout(st, name);
  if (S_ISDIR(st.st_mode)) {
    const UniqueFd fd(openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return (depth > 0 && (errno == ENOENT || errno == ENOTDIR)) || fail(name, "open directory", errno);
    return add_directory(fd.get(), name, depth);
  }
  Entry entry;
  if (st.st_nlink > 1) {
    const std::string key = std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino);
    const auto known = links_.find(key);
    if (known != links_.end()) {
      entry.type = '1';
      entry.name = name;
      entry.link = known->second;
      entry.mode = st.st_mode & 07777;
      entry.uid = st.st_uid;
      entry.gid = st.st_gid;
      entry.mtime = st.st_mtim;
      entries_++;
      const Status added = writer_.add(entry);
      return added.ok() || fail(name, "write", added.error().errnum);
    }
    links_.emplace(key, name);
  }
  if (!S_ISREG(st.st_mode)) {
    if (!describe(parent, base, st, name, &entry)) return false;
    entries_++;
    const Status added = writer_.add(entry);
    return added.ok() || fail(name, "write", added.error().errnum);
  }
  const UniqueFd file(openat(parent, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return (errno == ENOENT && depth > 0) || fail(name, "open", errno);
  if (fstat(file.get(), &st) < 0) return fail(name, "stat", errno);
  if (!S_ISREG(st.st_mode)) return true;  // somebody put something else there meanwhile
  if (!describe(file.get(), "", st, name, &entry)) return false;
  entries_++;
  if (const Status added = writer_.add(entry); !added.ok()) return fail(name, "write", added.error().errnum);
  const Status copied = writer_.copy(file.get(), entry.size);
  return copied.ok() || fail(name, "read", copied.error().errnum);
}

bool Packer::add_directory(int fd, const std::string& name, int depth) {
  struct stat st;
  if (fstat(fd, &st) < 0) return fail(name, "stat", errno);
  if (!name.empty()) {
    Entry entry;
    if (!describe(fd, "", st, name, &entry)) return false;
    entries_++;
    if (const Status added = writer_.add(entry); !added.ok()) return fail(name, "write", added.error().errnum);
  }
  if (options_.whiteouts) {
    char value[2];
    if (fgetxattr(fd, kOpaqueXattr, value, sizeof value) == 1 && value[0] == 'y') {
      Entry entry;
      entry.name = name.empty() ? kOpaque : name + "/" + kOpaque;
      entry.mode = 0600;
      entry.mtime = st.st_mtim;
      entries_++;
      if (const Status added = writer_.add(entry); !added.ok()) return fail(name, "write", added.error().errnum);
    }
  }
  return add_children(fd, name, depth);
}

bool Packer::add_children(int fd, const std::string& name, int depth) {
  if (depth >= kMaxDepth) return fail(name, "open directory", ELOOP);
  std::vector<std::string> names;
  if (const int error = read_names(fd, &names); error != 0) return fail(name, "read directory", error);
  std::sort(names.begin(), names.end());
  const std::string prefix = name.empty() || name.ends_with('/') ? name : name + "/";
  for (const std::string& child : names)
    if (!add(fd, child.c_str(), prefix + child, depth + 1)) return false;
  return true;
}

bool Packer::whiteout(const struct stat& st, const std::string& name) {
  std::string directory, base;
  split_path(name, &directory, &base);
  Entry entry;
  entry.name = (directory.empty() ? "" : directory + "/") + kWhiteout + base;
  entry.mode = 0600;
  entry.uid = st.st_uid;
  entry.gid = st.st_gid;
  entry.mtime = st.st_mtim;
  entries_++;
  const Status added = writer_.add(entry);
  return added.ok() || fail(name, "write", added.error().errnum);
}

bool Packer::describe(int parent, const char* base, const struct stat& st, const std::string& name, Entry* entry) {
  entry->name = name;
  entry->mode = st.st_mode & 07777;
  entry->uid = st.st_uid;
  entry->gid = st.st_gid;
  entry->mtime = st.st_mtim;
  switch (st.st_mode & S_IFMT) {
    case S_IFREG:
      entry->type = '0';
      entry->size = static_cast<uint64_t>(st.st_size);
      break;
    case S_IFDIR:
      entry->type = '5';
      break;
    case S_IFLNK: {
      char target[PATH_MAX];
      const ssize_t length = readlinkat(parent, base, target, sizeof target);
      if (length < 0) return fail(name, "readlink", errno);
      entry->type = '2';
      entry->link.assign(target, static_cast<size_t>(length));
      break;
    }
    case S_IFCHR:
    case S_IFBLK:
      entry->type = S_ISCHR(st.st_mode) ? '3' : '4';
      entry->major = major(st.st_rdev);
      entry->minor = minor(st.st_rdev);
      break;
    case S_IFIFO:
      entry->type = '6';
      break;
  }
  // Links and special files may have capabilities, but nobody gives them any.
  return *base != '\0' || read_xattrs(parent, entry) || fail(name, "read attributes", errno);
}

bool Packer::read_xattrs(int file, Entry* entry) {
  char names[kMaxXattrBytes];
  const ssize_t length = flistxattr(file, names, sizeof names);
  if (length < 0) return errno == ENOTSUP;
  for (const char* name = names; name < names + length; name += strlen(name) + 1) {
    if (!kept_xattr(name)) continue;
    std::string value(kMaxXattrBytes, '\0');
    const ssize_t size = fgetxattr(file, name, value.data(), value.size());
    if (size < 0 && errno == ENODATA) continue;
    if (size < 0) return false;
    value.resize(static_cast<size_t>(size));
    entry->xattrs.emplace_back(name, std::move(value));
  }
  std::sort(entry->xattrs.begin(), entry->xattrs.end());
  return true;
}

}  // namespace tsd::layer
