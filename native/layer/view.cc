#include "layer/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

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
    auto place = open_in_root(root, target);
    // Made by the container's start; without it there is nothing of the volume to see.
    if (!place.ok()) continue;
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
