#include "layer/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "core/credentials.h"
#include "core/kernel.h"
#include "core/mounts.h"
#include "core/root_path.h"

namespace tsd::layer {

namespace {

Result<UniqueFd> open_directory(const char* path) {
  UniqueFd fd(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return last_error("open", "open directory", path);
  return Result<UniqueFd>(std::move(fd));
}

// The mount in place of `holder`: a detached one has no paths to move other mounts to.
Result<UniqueFd> attach_at(int mount, const char* holder) {
  auto target = open_directory(holder);
  if (!target.ok()) return target;
  if (auto s = attach_mount(mount, target.value().get()); !s.ok()) return s.error();
  return open_directory(holder);
}

Result<UniqueFd> clone_mount(const char* path, unsigned flags) {
  UniqueFd tree(kernel::open_tree(AT_FDCWD, path, kernel::kOpenTreeClone | O_CLOEXEC | flags));
  if (!tree) return last_error("open_tree", "enter the container", path);
  return Result<UniqueFd>(std::move(tree));
}

// Seen from a copy of a running container's mount namespace: its mounts cannot be cloned from outside, and what is done
// in the copy does not reach it. /proc, /sys and /dev are not part of the tree, as they are not of a stopped
// container's.
Result<UniqueFd> root_of_process(const Arguments& arguments, const char* pid) {
  const std::string path = std::string("/proc/") + pid + "/ns/mnt";
  const UniqueFd space(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!space) return last_error("open", "enter the container", "mount namespace");
  // Opened while the host's /proc is in sight.
  const UniqueFd users(open((std::string("/proc/") + pid + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  struct stat theirs {
  }, ours{};
  if (!users || fstat(users.get(), &theirs) < 0 || stat("/proc/self/ns/user", &ours) < 0)
    return last_error("open", "enter the container", "user namespace");
  if (setns(space.get(), CLONE_NEWNS) < 0) return last_error("setns", "enter the container");
  if (theirs.st_ino != ours.st_ino) {
    // Before the copy, or its mounts would be locked together. Owners are the container's from here on, and what is
    // made belongs to somebody it knows.
    if (setns(users.get(), CLONE_NEWUSER) < 0) return last_error("setns", "enter the container");
    if (auto s = become_user(0, 0, nullptr, 0); !s.ok()) return s.error();
  }
  if (unshare(CLONE_NEWNS) < 0) return last_error("unshare", "enter the container");
  if (mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return last_error("mount", "make mounts private", "/");
  auto root = clone_mount("/", 0);
  if (!root.ok() || !arguments.has("keep")) return root;
  std::vector<std::pair<const char*, UniqueFd>> kept;
  for (const char* word : arguments.words()) {
    const char* target = Arguments::value_of(word, "keep");
    if (!target) continue;
    auto mount = clone_mount(target, kernel::kRecursive);
    if (mount.ok()) kept.emplace_back(target, std::move(mount.value()));
  }
  auto attached = attach_at(root.value().get(), "/proc");
  if (!attached.ok()) return attached;
  for (const auto& [target, mount] : kept) {
    auto place = open_in_root(attached.value().get(), target);
    if (!place.ok()) continue;
    if (auto s = attach_mount(mount.get(), place.value().get()); !s.ok())
      return Error{s.error().errnum, s.error().syscall, "bind", target};
  }
  return attached;
}

Result<UniqueFd> overlay(const Arguments& arguments, const char* key, const char* upper, const char* work) {
  OverlayRequest request;
  const std::string lowers = arguments.all(key, &request.lowers.count);
  request.lowers.first = lowers.c_str();
  // One layer alone is no overlay.
  if (request.lowers.count == 1 && !upper) return open_directory(request.lowers.first);
  if (upper) {
    request.upper = upper;
    request.work = work ? work : "";
  }
  return overlay_mount(request);
}

Status bind_all(const Arguments& arguments, int root) {
  const char* source = nullptr;
  for (const char* word : arguments.words()) {
    if (const char* value = Arguments::value_of(word, "bind")) source = value;
    const char* target = Arguments::value_of(word, "at");
    if (!target || !source) continue;
    BindRequest request;
    request.source = source;
    request.recursive = true;
    auto mount = bind_mount(request);
    if (!mount.ok()) return Error{mount.error().errnum, mount.error().syscall, "bind", source};
    struct stat st;
    if (fstat(mount.value().get(), &st) < 0) return last_error("fstat", "bind", source);
    // A container that was never started has no mount points yet; its start would make the same.
    auto place = make_in_root(root, target, S_ISDIR(st.st_mode));
    if (!place.ok()) return Error{place.error().errnum, place.error().syscall, "make mount point", target};
    if (auto s = attach_mount(mount.value().get(), place.value().get()); !s.ok())
      return Error{s.error().errnum, s.error().syscall, "bind", target};
  }
  return {};
}

}  // namespace

Result<View> open_view(const Arguments& arguments) {
  if (unshare(CLONE_NEWNS) < 0) return last_error("unshare", "mount namespace");
  if (mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return last_error("mount", "make mounts private", "/");
  View view;
  if (const char* root = arguments.get("root")) {
    auto opened = open_directory(root);
    if (!opened.ok()) return opened.error();
    view.root = std::move(opened.value());
  } else if (const char* pid = arguments.get("pid")) {
    auto entered = root_of_process(arguments, pid);
    if (!entered.ok()) return entered.error();
    view.root = std::move(entered.value());
  } else {
    const char* upper = arguments.get("upper");
    auto mounted = overlay(arguments, "lower", upper, arguments.get("work"));
    if (!mounted.ok()) return mounted.error();
    view.root = std::move(mounted.value());
    if (arguments.has("bind")) {
      auto attached = attach_at(view.root.get(), upper ? upper : "/proc");
      if (!attached.ok()) return attached.error();
      view.root = std::move(attached.value());
      if (auto s = bind_all(arguments, view.root.get()); !s.ok()) return s.error();
    }
  }
  if (arguments.has("base")) {
    auto base = overlay(arguments, "base", nullptr, nullptr);
    if (!base.ok()) return base.error();
    view.lower = std::move(base.value());
  }
  return Result<View>(std::move(view));
}

}  // namespace tsd::layer
