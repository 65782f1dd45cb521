#include "shim/container_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/kernel.h"
#include "core/root_path.h"

namespace tsd::shim {
namespace {

Status attach_at(int mount, int root, const char* target) {
  struct stat status {};
  if (fstatat(mount, "", &status, AT_EMPTY_PATH) < 0) return last_error("fstat");
  auto place = make_in_root(root, target, S_ISDIR(status.st_mode));
  if (!place.ok()) return place.error();
  return attach_mount(mount, place.value().get());
}

Status mount_file_system(const Plan& plan, const Op& op, int prepared, int root) {
  if (prepared >= 0) return attach_at(prepared, root, plan.text(op.s3));
  auto mounted = filesystem_mount(plan.text(op.s1), plan.text(op.s2),
                                  plan.list(static_cast<uint32_t>(op.n2 >> 32), op.n2 & 0xffffffff), op.n1);
  if (!mounted.ok()) return mounted.error();
  return attach_at(mounted.value().get(), root, plan.text(op.s3));
}

// A path that is itself a mount point changes in place; another one is bound onto itself first.
Status make_read_only(int root, const char* path, bool bind) {
  auto place = open_in_root(root, path);
  if (!place.ok()) return place.error().errnum == ENOENT && bind ? Status() : Status(place.error());
  if (!bind) return set_mount_attributes(place.value().get(), kernel::kAttrReadOnly, 0, false);
  UniqueFd tree(kernel::open_tree(place.value().get(), "",
                                  kernel::kOpenTreeClone | O_CLOEXEC | AT_EMPTY_PATH | kernel::kRecursive));
  if (!tree) return last_error("open_tree");
  const Status set = set_mount_attributes(tree.get(), kernel::kAttrReadOnly, 0, false);
  if (!set.ok()) return set;
  return attach_mount(tree.get(), place.value().get());
}

Status mask(int root, const char* path) {
  auto place = open_in_root(root, path);
  if (!place.ok()) return place.error().errnum == ENOENT || place.error().errnum == ENOTDIR ? Status() : place.error();
  struct stat status {};
  if (fstatat(place.value().get(), "", &status, AT_EMPTY_PATH) < 0) return last_error("fstat");
  if (S_ISDIR(status.st_mode)) {
    auto empty = filesystem_mount("tmpfs", "tmpfs", {}, kernel::kAttrReadOnly);
    if (!empty.ok()) return empty.error();
    return attach_mount(empty.value().get(), place.value().get());
  }
  auto null = open_in_root(root, "/dev/null");
  if (!null.ok()) return null.error();
  struct stat device {};
  if (fstatat(null.value().get(), "", &device, AT_EMPTY_PATH) < 0) return last_error("fstat");
  // An image's own /dev/null could be anything.
  if (!S_ISCHR(device.st_mode) || device.st_rdev != makedev(1, 3)) return Error{ENODEV, "fstat", "", "/dev/null"};
  UniqueFd tree(kernel::open_tree(null.value().get(), "", kernel::kOpenTreeClone | O_CLOEXEC | AT_EMPTY_PATH));
  if (!tree) return last_error("open_tree");
  return attach_mount(tree.get(), place.value().get());
}

Status make_symlink(const Plan& plan, const Op& op, int root) {
  const char* name = nullptr;
  auto parent = make_parent_in_root(root, plan.text(op.s2), &name);
  if (!parent.ok()) return parent.error();
  if (symlinkat(plan.text(op.s1), parent.value().get(), name) < 0 && errno != EEXIST) return last_error("symlinkat");
  return {};
}

// Binds the pty's slave onto /dev/console.
Status bind_console(int terminal, int root) {
  if (terminal < 0) return {};
  UniqueFd slave(ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) return last_error("ioctl");
  auto place = make_in_root(root, "/dev/console", false);
  if (!place.ok()) return place.error();
  UniqueFd tree(kernel::open_tree(slave.get(), "", kernel::kOpenTreeClone | O_CLOEXEC | AT_EMPTY_PATH));
  if (!tree) return last_error("open_tree");
  return attach_mount(tree.get(), place.value().get());
}

Status write_sysctl(const Plan& plan, const Op& op, int root) {
  auto place = open_in_root(root, plan.text(op.s1));
  if (!place.ok()) return place.error();
  struct statfs type {};
  // A mount of the user could stand where /proc should be.
  if (fstatfs(place.value().get(), &type) < 0 || type.f_type != PROC_SUPER_MAGIC)
    return Error{EINVAL, "statfs", "", ""};
  UniqueFd file(openat(root, plan.text(op.s1) + 1, O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return last_error("open");
  const char* value = plan.text(op.s2);
  if (write(file.get(), value, strlen(value)) < 0) return last_error("write");
  return {};
}

}  // namespace

Status make_device(const Op& op, int root, const char* path) {
  const char* name = nullptr;
  auto parent = make_parent_in_root(root, path, &name);
  if (!parent.ok()) return parent.error();
  const mode_t mode = static_cast<mode_t>(op.n1);
  const dev_t device = makedev(static_cast<unsigned>(op.n2 >> 32), static_cast<unsigned>(op.n2));
  if (mknodat(parent.value().get(), name, mode, device) < 0) {
    // A mount of the user may have brought it.
    if (errno == EEXIST) return {};
    return last_error("mknodat");
  }
  if (fchownat(parent.value().get(), name, op.s2, op.s3, AT_SYMLINK_NOFOLLOW) < 0) return last_error("fchownat");
  // Whatever the umask was. The node is new and ours: nothing else could have put a link here meanwhile.
  if (fchmodat(parent.value().get(), name, mode & 07777, 0) < 0) return last_error("fchmodat");
  return {};
}

Status apply_file_system(const Plan& plan, const Op& op, int prepared, int terminal, int root) {
  switch (op.code) {
    case OpCode::kMount:
      return mount_file_system(plan, op, prepared, root);
    case OpCode::kBind:
      return attach_at(prepared, root, plan.text(op.s3));
    case OpCode::kRemountReadOnly:
      return make_read_only(root, plan.text(op.s1), false);
    case OpCode::kReadOnlyPath:
      return make_read_only(root, plan.text(op.s1), true);
    case OpCode::kMakeDirectory: {
      auto made = make_in_root(root, plan.text(op.s1), true);
      return made.ok() ? Status() : Status(made.error());
    }
    case OpCode::kSymlink:
      return make_symlink(plan, op, root);
    case OpCode::kDevice:
      return make_device(op, root, plan.text(op.s1));
    case OpCode::kMask:
      return mask(root, plan.text(op.s1));
    case OpCode::kConsole:
      return bind_console(terminal, root);
    case OpCode::kSysctl:
      return write_sysctl(plan, op, root);
    default:
      return {};
  }
}

}  // namespace tsd::shim
