#include "shim/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/fd_passing.h"
#include "core/kernel.h"
#include "core/mounts.h"

namespace tsd::shim {
namespace {

constexpr int kSocket = 3;

// One empty read-only file system and nothing else: a container's namespace is a copy of it, so that no mount of the
// host is copied and none has to be taken away again.
Result<UniqueFd> make_base() {
  if (unshare(CLONE_NEWNS) < 0) return last_error("unshare", "base");
  UniqueFd space(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!space) return last_error("open", "base", "/proc/self/ns/mnt");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return last_error("mount", "base", "/");
  auto empty = filesystem_mount("tmpfs", "tsdocker", {}, kernel::kAttrReadOnly);
  if (!empty.ok()) return empty.error();
  if (kernel::move_mount(empty.value().get(), AT_FDCWD, "/proc", kernel::kMoveFromEmpty) < 0)
    return last_error("move_mount", "base", "/proc");
  if (fchdir(empty.value().get()) < 0) return last_error("fchdir", "base");
  if (syscall(SYS_pivot_root, ".", ".") < 0) return last_error("pivot_root", "base");
  if (umount2(".", MNT_DETACH) < 0) return last_error("umount2", "base");
  return Result<UniqueFd>(std::move(space));
}

}  // namespace

int base_main() {
  auto made = make_base();
  if (!made.ok()) {
    const int32_t errnum = made.error().errnum;
    return send_fds(kSocket, &errnum, sizeof errnum, nullptr, 0).ok() ? 1 : 2;
  }
  const int32_t none = 0;
  const int fd = made.value().get();
  return send_fds(kSocket, &none, sizeof none, &fd, 1).ok() ? 0 : 2;
}

Status enter_base(int base_namespace, int root, const char* step) {
  if (setns(base_namespace, CLONE_NEWNS) < 0) return last_error("setns", step);
  if (unshare(CLONE_NEWNS) < 0) return last_error("unshare", step);
  if (kernel::move_mount(root, AT_FDCWD, "/", kernel::kMoveFromEmpty) < 0) return last_error("move_mount", step);
  if (fchdir(root) < 0) return last_error("fchdir", step);
  if (chroot(".") < 0) return last_error("chroot", step);
  return {};
}

}  // namespace tsd::shim
