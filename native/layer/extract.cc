#include "layer/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string_view>

#include "core/tree.h"
#include "layer/names.h"
#include "layer/path.h"

namespace tsd::layer {

namespace {

// A directory below the root. Symlinks inside the layer lead where they would lead inside the container, never out.
int open_directory(int root, const char* path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how));
}

}  // namespace

bool Extractor::fail(const std::string& path, const char* action, int error) {
  message_ = std::string(action) + " /" + printable(path) + ": " + strerror(error);
  return false;
}

// Layers may leave parents out: they are made with mode 0755 and root as owner.
bool Extractor::make_parents(const std::string& directory) {
  for (size_t end = 0; end != std::string::npos;) {
    end = directory.find('/', end + 1);
    std::string above, base;
    split_path(directory.substr(0, end), &above, &base);
    const UniqueFd at(open_directory(root_, above.c_str()));
    if (!at) return fail(above, "open directory", errno);
    if (mkdirat(at.get(), base.c_str(), 0755) == 0) continue;
    if (errno != EEXIST) return fail(directory.substr(0, end), "mkdir", errno);
  }
  return true;
}

bool Extractor::open_parent(const std::string& path, std::string* base, int* parent) {
  std::string directory;
  split_path(path, &directory, base);
  if (parent_known_ && directory == parent_path_) {
    *parent = parent_.get();
    return true;
  }
  UniqueFd fd(open_directory(root_, directory.c_str()));
  if (!fd && errno == ENOENT) {
    if (!make_parents(directory)) return false;
    fd.reset(open_directory(root_, directory.c_str()));
  }
  if (!fd) return fail(directory, "open directory", errno);
  parent_ = std::move(fd);
  parent_path_ = directory;
  parent_known_ = true;
  *parent = parent_.get();
  return true;
}

// Clears the place of an entry that exists already. `merge`: a directory meets a directory and stays.
bool Extractor::make_way(int parent, const std::string& path, const std::string& base, bool for_directory,
                         bool* merge) {
  struct stat st;
  *merge = false;
  if (fstatat(parent, base.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return errno == ENOENT || fail(path, "stat", errno);
  if (for_directory && S_ISDIR(st.st_mode)) {
    *merge = true;
    return true;
  }
  opaque_next_ = for_directory && is_whiteout(st);
  // Directories cached by path may be gone now.
  const bool cached = S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode);
  if (auto s = tree::remove(parent, base.c_str()); !s.ok()) return fail(path, "remove", s.error().errnum);
  if (cached) parent_known_ = false;
  return true;
}

bool Extractor::whiteout(int parent, const std::string& path, const std::string& base, const Entry& entry) {
  if (base == kOpaque) {
    std::string directory, unused;
    split_path(path, &directory, &unused);
    const UniqueFd fd(openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || fsetxattr(fd.get(), kOpaqueXattr, "y", 1, 0) < 0) return fail(directory, "set opaque", errno);
    return true;
  }
  if (base.starts_with(kWhiteoutMeta)) return true;  // bookkeeping of an old storage driver
  const std::string hidden = base.substr(strlen(kWhiteout));
  if (hidden.empty() || hidden == "." || hidden == "..") return fail(path, "whiteout", EINVAL);
  if (mknodat(parent, hidden.c_str(), S_IFCHR, 0) == 0) {
    if (fchownat(parent, hidden.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) < 0)
      return fail(path, "chown", errno);
    return true;
  }
  if (errno != EEXIST) return fail(path, "mknod", errno);
  // What this layer itself has stays; a directory then must not show the lower one's children.
  const UniqueFd fd(openat(parent, hidden.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd && fsetxattr(fd.get(), kOpaqueXattr, "y", 1, 0) < 0) return fail(path, "set opaque", errno);
  return true;
}

bool Extractor::make_directory(int parent, const std::string& path, const std::string& base) {
  if (mkdirat(parent, base.c_str(), 0755) == 0) return true;
  bool merge;
  if (errno != EEXIST) return fail(path, "mkdir", errno);
  if (!make_way(parent, path, base, true, &merge)) return false;
  if (merge) return true;
  if (mkdirat(parent, base.c_str(), 0755) < 0) return fail(path, "mkdir", errno);
  if (!opaque_next_) return true;
  opaque_next_ = false;
  const UniqueFd fd(openat(parent, base.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd || fsetxattr(fd.get(), kOpaqueXattr, "y", 1, 0) < 0) return fail(path, "set opaque", errno);
  return true;
}

bool Extractor::hard_link(const Entry& entry, int parent, const std::string& path, const std::string& base) {
  std::string target, directory, name;
  if (!clean(entry.link, &target) || target.empty()) {
    message_ = "invalid hardlink \"" + printable(entry.name) + "\" -> \"" + printable(entry.link) +
               "\": the target is outside of the layer";
    return false;
  }
  if (target == path) return true;
  split_path(target, &directory, &name);
  const UniqueFd from(open_directory(root_, directory.c_str()));
  if (!from) return fail(target, "link to", errno);
  if (linkat(from.get(), name.c_str(), parent, base.c_str(), 0) == 0) return true;
  if (errno == EEXIST) {
    struct stat a, b;
    const bool same = fstatat(from.get(), name.c_str(), &a, AT_SYMLINK_NOFOLLOW) == 0 &&
                      fstatat(parent, base.c_str(), &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino;
    if (same) return true;
    bool merge;
    if (!make_way(parent, path, base, false, &merge)) return false;
    if (linkat(from.get(), name.c_str(), parent, base.c_str(), 0) == 0) return true;
  }
  return fail(target, "link to", errno);
}

// Makes the file-system object; for a regular file, `file` is open for writing.
bool Extractor::make_node(const Entry& entry, int parent, const std::string& path, const std::string& base, int* file) {
  for (int attempt = 0; attempt < 2; attempt++) {
    int result = -1;
    switch (entry.type) {
      case '0':
        result = *file = openat(parent, base.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        break;
      case '2':
        result = symlinkat(entry.link.c_str(), parent, base.c_str());
        break;
      case '3':
        result = mknodat(parent, base.c_str(), S_IFCHR | 0600, makedev(entry.major, entry.minor));
        break;
      case '4':
        result = mknodat(parent, base.c_str(), S_IFBLK | 0600, makedev(entry.major, entry.minor));
        break;
      case '6':
        result = mknodat(parent, base.c_str(), S_IFIFO | 0600, 0);
        break;
    }
    if (result >= 0) return true;
    bool merge;
    if (errno != EEXIST) return fail(path, "create", errno);
    if (!make_way(parent, path, base, false, &merge)) return false;
  }
  return fail(path, "create", EEXIST);
}

bool Extractor::write_content(int file, const Entry& entry, const std::string& path) {
  if (!entry.sparse.present) return write_piece(file, entry.size, path);
  for (const auto& chunk : entry.sparse.chunks) {
    if (lseek(file, static_cast<off_t>(chunk.offset), SEEK_SET) < 0) return fail(path, "seek", errno);
    if (!write_piece(file, chunk.length, path)) return false;
  }
  return ftruncate(file, static_cast<off_t>(entry.sparse.real_size)) == 0 || fail(path, "truncate", errno);
}

bool Extractor::write_piece(int file, uint64_t size, const std::string& path) {
  for (uint64_t left = size; left > 0;) {
    const uint8_t* data;
    auto got = input_.take(static_cast<size_t>(left < SSIZE_MAX ? left : SSIZE_MAX), &data);
    if (!got.ok()) return fail(path, "read", got.error().errnum);
    if (got.value() == 0) {
      message_ = "unexpected EOF";
      return false;
    }
    for (size_t done = 0; done < got.value();) {
      const ssize_t n = ::write(file, data + done, got.value() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(path, "write", errno);
      done += static_cast<size_t>(n);
    }
    left -= got.value();
  }
  return true;
}

bool Extractor::apply_xattrs(int file, int parent, const std::string& path, const std::string& base,
                             const Entry& entry) {
  for (const auto& [name, value] : entry.xattrs) {
    // The overlay's own attributes are ours to set: a layer could show other directories of the host's layers with
    // them.
    if (name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.")) continue;
    int result;
    if (file >= 0) {
      result = fsetxattr(file, name.c_str(), value.data(), value.size(), 0);
    } else {
      // The root has no /proc: the name is reached through the working directory instead.
      if (fchdir(parent) < 0) return fail(path, "chdir", errno);
      result = lsetxattr(base.c_str(), name.c_str(), value.data(), value.size(), 0);
    }
    if (result == 0) continue;
    // As Docker: file systems without an attribute, and user.* on what is no file, are passed over.
    if (errno == ENOTSUP || (errno == EPERM && name.starts_with("user."))) continue;
    return fail(path, "setxattr", errno);
  }
  return true;
}

// Order matters: chown clears setuid bits and capabilities; everything before the time changes it.
bool Extractor::apply_metadata(int file, int parent, const std::string& path, const std::string& base,
                               const Entry& entry) {
  const bool link = entry.type == '2';
  const struct timespec times[2] = {entry.mtime, entry.mtime};
  const int owner = file >= 0 ? fchown(file, entry.uid, entry.gid)
                              : fchownat(parent, base.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW);
  if (owner < 0) return fail(path, "chown", errno);
  if (!link && (file >= 0 ? fchmod(file, entry.mode) : fchmodat(parent, base.c_str(), entry.mode, 0)) < 0)
    return fail(path, "chmod", errno);
  if (!apply_xattrs(file, parent, path, base, entry)) return false;
  if (entry.type == '5') {
    directory_times_.emplace_back(path, entry.mtime);
    return true;
  }
  const int timed = file >= 0 ? futimens(file, times) : utimensat(parent, base.c_str(), times, AT_SYMLINK_NOFOLLOW);
  return timed == 0 || fail(path, "set times", errno);
}

bool Extractor::create(const Entry& entry, int parent, const std::string& path, const std::string& base) {
  switch (entry.type) {
    case '1':
      return hard_link(entry, parent, path, base);
    case '5':
      return make_directory(parent, path, base) && apply_metadata(-1, parent, path, base, entry);
    case '0':
    case '2':
    case '3':
    case '4':
    case '6': {
      int raw = -1;
      if (!make_node(entry, parent, path, base, &raw)) return false;
      const UniqueFd file(raw);
      if (file && !write_content(file.get(), entry, path)) return false;
      return apply_metadata(file.get(), parent, path, base, entry);
    }
  }
  message_ = std::string("unhandled tar header type ") + std::to_string(static_cast<unsigned char>(entry.type));
  return false;
}

bool Extractor::apply_root(const Entry& entry) {
  if (entry.type != '5') {
    message_ = "invalid tar header: \"" + printable(entry.name) + "\" names the root but is no directory";
    return false;
  }
  has_root_ = true;
  const UniqueFd fd(openat(root_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail("", "open directory", errno);
  return apply_metadata(fd.get(), root_, "", ".", entry);
}

bool Extractor::keeps_kind(const Entry& entry, int parent, const std::string& path, const std::string& base) {
  struct stat st;
  if (fstatat(parent, base.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode) == (entry.type == '5'))
    return true;
  message_ = S_ISDIR(st.st_mode) ? "cannot overwrite directory \"/" + printable(path) + "\" with non-directory \""
                                 : "cannot overwrite non-directory \"/" + printable(path) + "\" with directory \"";
  message_ += printable(options_.prefix.empty() ? "/" : "/" + options_.prefix) + "\"";
  return false;
}

bool Extractor::add(Entry& entry) {
  std::string path, base;
  if (entry.name.find('\0') != std::string::npos || !clean(entry.name, &path)) {
    message_ = "invalid tar header: \"" + printable(entry.name) + "\" is outside of the layer";
    return false;
  }
  entries_++;
  if (options_.uid >= 0) entry.uid = static_cast<uint32_t>(options_.uid);
  if (options_.gid >= 0) entry.gid = static_cast<uint32_t>(options_.gid);
  if (!options_.layer) {
    // The place itself stays what it is.
    if (path.empty()) return input_.skip(entry.size).ok();
    if (!options_.prefix.empty()) path = options_.prefix + "/" + path;
    std::string target;
    if (entry.type == '1' && !options_.prefix.empty() && clean(entry.link, &target))
      entry.link = options_.prefix + "/" + target;
  }
  if (path.empty()) return apply_root(entry) && input_.skip(entry.size).ok();
  int parent;
  if (!open_parent(path, &base, &parent)) return false;
  if (options_.keep_kinds && !keeps_kind(entry, parent, path, base)) return false;
  if (options_.layer && base.starts_with(kWhiteout))
    return whiteout(parent, path, base, entry) && input_.skip(entry.size).ok();
  if (!create(entry, parent, path, base)) return false;
  if (entry.type != '0' && !input_.skip(entry.size).ok()) {
    message_ = "unexpected EOF";
    return false;
  }
  return true;
}

bool Extractor::finish() {
  for (auto it = directory_times_.rbegin(); it != directory_times_.rend(); ++it) {
    std::string directory, base;
    split_path(it->first, &directory, &base);
    const UniqueFd at(open_directory(root_, directory.c_str()));
    struct stat st;
    // A later entry may have put something else here, which has its own time.
    if (!at || fstatat(at.get(), base.empty() ? "." : base.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        !S_ISDIR(st.st_mode))
      continue;
    const struct timespec times[2] = {it->second, it->second};
    if (utimensat(at.get(), base.empty() ? "." : base.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0)
      return fail(it->first, "set times", errno);
  }
  return true;
}

}  // namespace tsd::layer
