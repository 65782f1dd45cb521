#include "core/mounts.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/credentials.h"
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

Status map_owners(int tree, const OwnerMap& owners) {
  const kernel::MountAttributes attributes{kernel::kAttrIdMap, 0, 0, static_cast<uint64_t>(owners.userns)};
  return kernel::mount_setattr(tree, 0, attributes) < 0 ? Status(last_error("mount_setattr", "owners")) : Status();
}

Result<UniqueFd> mapped_copy(const char* path, const OwnerMap& owners) {
  UniqueFd tree(kernel::open_tree(AT_FDCWD, path, kernel::kOpenTreeClone | O_CLOEXEC));
  if (!tree) return last_error("open_tree", "rootfs", path);
  if (const Status mapped = map_owners(tree.get(), owners); !mapped.ok()) return mapped.error();
  return Result<UniqueFd>(std::move(tree));
}

// The directory that upper and work share: they have to be on one mount.
bool parent_of(const OverlayRequest& request, Text<PATH_MAX>* out) {
  const char* end = strrchr(request.upper, '/');
  if (end == nullptr || end == request.upper) return false;
  const size_t length = static_cast<size_t>(end - request.upper);
  if (strncmp(request.work, request.upper, length + 1) != 0 || strchr(request.work + length + 1, '/') != nullptr)
    return false;
  out->add(request.upper, length);
  return true;
}

// What overlayfs makes in the work directory has to belong to somebody the mapped mount knows.
template <typename Act>
Status as_mapped_root(const OwnerMap& owners, Act act) {
  if (owners.userns < 0) return act();
  const FileSystemIdentity before = act_on_files_as({owners.uid, owners.gid});
  const Status done = act();
  act_on_files_as(before);
  return done;
}

// In a mount namespace of our own: what overlayfs is made of has to lie in the caller's namespace, so paths are opened
// here.
Result<UniqueFd> mount_and_detach(const OverlayRequest& request) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return last_error("mount", "rootfs", "/");
  Holders holders;
  Text<kPage> options;
  // Over the directory itself, so that its path leads to the mapped mount.
  auto cover = [&](const char* path) -> Status {
    if (request.owners.userns < 0) return {};
    auto mapped = mapped_copy(path, request.owners);
    if (!mapped.ok()) return mapped.error();
    UniqueFd place(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place) return last_error("open", "rootfs", path);
    return attach_mount(mapped.value().get(), place.get());
  };
  auto add = [&](const char* before, const char* path) {
    UniqueFd* holder = holders.next();
    holder->reset(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    options.add(before).add("/proc/self/fd/").number(static_cast<uint64_t>(holder->get()));
    return static_cast<bool>(*holder);
  };
  const char* lower = request.lowers.first;
  for (uint32_t i = 0; i < request.lowers.count; i++, lower += strlen(lower) + 1) {
    if (const Status covered = cover(lower); !covered.ok()) return covered.error();
    if (!add(i == 0 ? "lowerdir=" : ":", lower)) return last_error("open", "rootfs", lower);
  }
  const bool writable = *request.upper != '\0';
  if (Text<PATH_MAX> parent; writable && request.owners.userns >= 0) {
    if (!parent_of(request, &parent)) return Error{EINVAL, "mount", "rootfs", request.work};
    if (const Status covered = cover(parent.c_str()); !covered.ok()) return covered.error();
  }
  if (writable && !add(",upperdir=", request.upper)) return last_error("open", "rootfs", request.upper);
  if (writable && !add(",workdir=", request.work)) return last_error("open", "rootfs", request.work);
  if (request.is_volatile) options.add(",volatile");
  if (options.cut()) return Error{E2BIG, "mount", "rootfs", request.upper};
  const char* place = writable ? request.upper : request.lowers.first;
  const Status mounted = as_mapped_root(request.owners, [&]() -> Status {
    if (mount("overlay", place, "overlay", 0, options.c_str()) < 0) return last_error("mount", "rootfs", place);
    return {};
  });
  if (!mounted.ok()) return mounted.error();
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

// Older kernels take the directories as one text only, and most tell no sooner than at the end.
bool wants_text(const Error& error) { return error.errnum == EINVAL || error.errnum == EOPNOTSUPP; }

// The directories of an overlay, one by one.
Status add_directories(int context, const OverlayRequest& request, Holders* holders) {
  const char* lower = request.lowers.first;
  for (uint32_t i = 0; i < request.lowers.count; i++, lower += strlen(lower) + 1) {
    if (set_path(context, "lowerdir+", lower, holders->next()) < 0) return last_error("fsconfig", "rootfs", lower);
  }
  if (*request.upper == '\0') return {};
  if (set_path(context, "upperdir", request.upper, holders->next()) < 0)
    return last_error("fsconfig", "rootfs", request.upper);
  if (set_path(context, "workdir", request.work, holders->next()) < 0)
    return last_error("fsconfig", "rootfs", request.work);
  return {};
}

Status add_mapped_directories(int context, const OverlayRequest& request) {
  const char* lower = request.lowers.first;
  for (uint32_t i = 0; i < request.lowers.count; i++, lower += strlen(lower) + 1) {
    auto mapped = mapped_copy(lower, request.owners);
    if (!mapped.ok()) return mapped.error();
    if (kernel::fsconfig_fd(context, "lowerdir+", mapped.value().get()) < 0)
      return last_error("fsconfig", "rootfs", lower);
  }
  if (*request.upper == '\0') return {};
  Text<PATH_MAX> parent;
  if (!parent_of(request, &parent)) return Error{EINVAL, "fsconfig", "rootfs", request.work};
  auto mapped = mapped_copy(parent.c_str(), request.owners);
  if (!mapped.ok()) return mapped.error();
  const char* names[] = {request.upper + parent.size() + 1, request.work + parent.size() + 1};
  const char* keys[] = {"upperdir", "workdir"};
  for (int i = 0; i < 2; i++) {
    UniqueFd directory(openat(mapped.value().get(), names[i], O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return last_error("open", "rootfs", request.upper);
    if (kernel::fsconfig_fd(context, keys[i], directory.get()) < 0)
      return last_error("fsconfig", "rootfs", request.upper);
  }
  return {};
}

}  // namespace

Result<UniqueFd> overlay_mount(const OverlayRequest& request) {
  if (request.classic) return classic_overlay(request);
  UniqueFd context(kernel::fsopen("overlay"));
  if (!context) return errno == ENOSYS ? classic_overlay(request) : Result<UniqueFd>(last_error("fsopen", "rootfs"));
  const int fd = context.get();
  static Holders holders;
  const Status added =
      request.owners.userns >= 0 ? add_mapped_directories(fd, request) : add_directories(fd, request, &holders);
  if (!added.ok()) return wants_text(added.error()) ? classic_overlay(request) : Result<UniqueFd>(added.error());
  // Another mount of the same upper directory must not make this one fail; old kernels know no index.
  kernel::fsconfig(fd, kernel::kConfigString, "index", "off");
  kernel::fsconfig(fd, kernel::kConfigString, "source", "overlay");
  if (request.is_volatile && kernel::fsconfig(fd, kernel::kConfigFlag, "volatile", nullptr) < 0)
    return last_error("fsconfig", "rootfs", "volatile");
  const Status created = as_mapped_root(request.owners, [&]() -> Status {
    if (kernel::fsconfig(fd, kernel::kConfigCreate, nullptr, nullptr) < 0)
      return last_error("fsconfig", "rootfs", request.upper);
    return {};
  });
  if (!created.ok()) return wants_text(created.error()) ? classic_overlay(request) : Result<UniqueFd>(created.error());
  UniqueFd mounted(kernel::fsmount(fd, 0));
  for (UniqueFd& holder : holders.fds) holder.reset();
  if (!mounted) return last_error("fsmount", "rootfs", request.upper);
  return Result<UniqueFd>(std::move(mounted));
}

Result<UniqueFd> bind_mount(const BindRequest& request) {
  const unsigned recursive = request.recursive ? kernel::kRecursive : 0;
  UniqueFd tree(kernel::open_tree(AT_FDCWD, request.source, kernel::kOpenTreeClone | O_CLOEXEC | recursive));
  if (!tree) return last_error("open_tree");
  if (request.owners.userns >= 0) {
    if (const Status mapped = map_owners(tree.get(), request.owners); !mapped.ok()) return mapped.error();
  }
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
