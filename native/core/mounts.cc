#include "core/mounts.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/kernel.h"
#include "core/text.h"

namespace tsd {
namespace {

constexpr size_t kMaxConfigString = 255;  // fsconfig(2) takes no longer value
constexpr size_t kPage = 4096;

// Sets a path option; a long path goes by descriptor, which must stay open until the superblock is made.
int set_path(int context, const char* key, const char* path, UniqueFd* holder) {
  if (strlen(path) <= kMaxConfigString) return kernel::fsconfig(context, kernel::kConfigString, key, path);
  holder->reset(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!*holder) return -1;
  Text<64> link;
  link.add("/proc/self/fd/").number(static_cast<uint64_t>(holder->get()));
  return kernel::fsconfig(context, kernel::kConfigString, key, link.c_str());
}

struct Holders {
  UniqueFd fds[130];
  size_t used = 0;
  UniqueFd* next() { return &fds[used++ % 130]; }
};

// In a mount namespace of our own: what overlayfs is made of has to lie in the caller's namespace, so paths are opened
// here.
Result<UniqueFd> mount_and_detach(const OverlayRequest& request) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return last_error("mount", "rootfs", "/");
  Holders holders;
  Text<kPage> options;
  auto add = [&](const char* before, const char* path) {
    UniqueFd* holder = holders.next();
    holder->reset(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    options.add(before).add("/proc/self/fd/").number(static_cast<uint64_t>(holder->get()));
    return static_cast<bool>(*holder);
  };
  const char* lower = request.lowers.first;
  for (uint32_t i = 0; i < request.lowers.count; i++, lower += strlen(lower) + 1) {
    if (!add(i == 0 ? "lowerdir=" : ":", lower)) return last_error("open", "rootfs", lower);
  }
  const bool writable = *request.upper != '\0';
  if (writable && !add(",upperdir=", request.upper)) return last_error("open", "rootfs", request.upper);
  if (writable && !add(",workdir=", request.work)) return last_error("open", "rootfs", request.work);
  if (request.is_volatile) options.add(",volatile");
  if (options.cut()) return Error{E2BIG, "mount", "rootfs", request.upper};
  const char* place = writable ? request.upper : request.lowers.first;
  if (mount("overlay", place, "overlay", 0, options.c_str()) < 0) return last_error("mount", "rootfs", place);
  UniqueFd detached(kernel::open_tree(AT_FDCWD, place, kernel::kOpenTreeClone | O_CLOEXEC));
  if (!detached) return last_error("open_tree", "rootfs", place);
  return Result<UniqueFd>(std::move(detached));
}

// For kernels that do not take lowers one by one: mount(2), with short names as its options are one page at most.
Result<UniqueFd> classic_overlay(const OverlayRequest& request) {
  UniqueFd home(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!home) return last_error("open", "rootfs", "/proc/self/ns/mnt");
  if (unshare(CLONE_NEWNS) < 0) return last_error("unshare", "rootfs");
  auto detached = mount_and_detach(request);
  // The namespace goes with the last process in it, and its mounts with it; the detached copy stays.
  if (setns(home.get(), CLONE_NEWNS) < 0) return last_error("setns", "rootfs");
  return detached;
}

}  // namespace

Result<UniqueFd> overlay_mount(const OverlayRequest& request) {
  if (request.classic) return classic_overlay(request);
  UniqueFd context(kernel::fsopen("overlay"));
  if (!context) return errno == ENOSYS ? classic_overlay(request) : Result<UniqueFd>(last_error("fsopen", "rootfs"));
  const int fd = context.get();
  static Holders holders;
  const char* lower = request.lowers.first;
  for (uint32_t i = 0; i < request.lowers.count; i++, lower += strlen(lower) + 1) {
    if (set_path(fd, "lowerdir+", lower, holders.next()) == 0) continue;
    if (errno == EINVAL && i == 0) return classic_overlay(request);
    return last_error("fsconfig", "rootfs", lower);
  }
  if (*request.upper != '\0') {
    if (set_path(fd, "upperdir", request.upper, holders.next()) < 0)
      return last_error("fsconfig", "rootfs", request.upper);
    if (set_path(fd, "workdir", request.work, holders.next()) < 0)
      return last_error("fsconfig", "rootfs", request.work);
  }
  // Another mount of the same upper directory must not make this one fail; old kernels know no index.
  kernel::fsconfig(fd, kernel::kConfigString, "index", "off");
  kernel::fsconfig(fd, kernel::kConfigString, "source", "overlay");
  if (request.is_volatile && kernel::fsconfig(fd, kernel::kConfigFlag, "volatile", nullptr) < 0)
    return last_error("fsconfig", "rootfs", "volatile");
  if (kernel::fsconfig(fd, kernel::kConfigCreate, nullptr, nullptr) < 0) {
    // Older kernels collect options as text and tell only here that they do not know `lowerdir+`.
    if (errno == EINVAL) return classic_overlay(request);
    return last_error("fsconfig", "rootfs", request.upper);
  }
  UniqueFd mounted(kernel::fsmount(fd, 0));
  for (UniqueFd& holder : holders.fds) holder.reset();
  if (!mounted) return last_error("fsmount", "rootfs", request.upper);
  return Result<UniqueFd>(std::move(mounted));
}

Result<UniqueFd> bind_mount(const BindRequest& request) {
  const unsigned recursive = request.recursive ? kernel::kRecursive : 0;
  UniqueFd tree(kernel::open_tree(AT_FDCWD, request.source, kernel::kOpenTreeClone | O_CLOEXEC | recursive));
  if (!tree) return last_error("open_tree");
  if (request.propagation != 0) {
    const kernel::MountAttributes attributes{0, 0, request.propagation, 0};
    const unsigned all = request.propagation_recursive ? kernel::kRecursive : 0;
    if (kernel::mount_setattr(tree.get(), all, attributes) < 0) return last_error("mount_setattr");
  }
  if ((request.set | request.clear) != 0) {
    const Status set = set_mount_attributes(tree.get(), request.set, request.clear, request.attributes_recursive);
    if (!set.ok()) return set.error();
  }
  return Result<UniqueFd>(std::move(tree));
}

Result<UniqueFd> filesystem_mount(const char* type, const char* source, StringList options, uint64_t attributes) {
  UniqueFd context(kernel::fsopen(type));
  if (!context) return last_error("fsopen");
  kernel::fsconfig(context.get(), kernel::kConfigString, "source", source);
  const char* option = options.first;
  for (uint32_t i = 0; i < options.count; i++, option += strlen(option) + 1) {
    const char* equals = strchr(option, '=');
    int result;
    if (equals == nullptr) {
      result = kernel::fsconfig(context.get(), kernel::kConfigFlag, option, nullptr);
    } else {
      Text<256> key;
      key.add(option, static_cast<size_t>(equals - option));
      result = kernel::fsconfig(context.get(), kernel::kConfigString, key.c_str(), equals + 1);
    }
    if (result < 0) return last_error("fsconfig", "", option);
  }
  if (kernel::fsconfig(context.get(), kernel::kConfigCreate, nullptr, nullptr) < 0) return last_error("fsconfig");
  UniqueFd mounted(kernel::fsmount(context.get(), static_cast<unsigned>(attributes)));
  if (!mounted) return last_error("fsmount");
  return Result<UniqueFd>(std::move(mounted));
}

Status attach_mount(int mount, int target) {
  if (kernel::move_mount(mount, target, "", kernel::kMoveFromEmpty | kernel::kMoveToEmpty) < 0)
    return last_error("move_mount");
  return {};
}

Status set_mount_attributes(int mount, uint64_t set, uint64_t clear, bool recursive) {
  const kernel::MountAttributes attributes{set, clear, 0, 0};
  if (kernel::mount_setattr(mount, recursive ? kernel::kRecursive : 0, attributes) < 0)
    return last_error("mount_setattr");
  return {};
}

}  // namespace tsd
