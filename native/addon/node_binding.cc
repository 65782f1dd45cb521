// Single metadata calls that node has no name for: device nodes, extended attributes, tmpfs mounts. Each returns at
// once.
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <string>
#include <vector>

#include "addon/binding.h"

namespace tsd::addon {

namespace {

void throw_errno(Napi::Env env, const char* syscall, const std::string& path) {
  const int errnum = errno;
  Napi::Error error = Napi::Error::New(env, std::string(syscall) + " " + path + ": " + strerror(errnum));
  error.Set("errno", Napi::Number::New(env, errnum));
  error.Set("code", Napi::String::New(env, strerrorname_np(errnum) ? strerrorname_np(errnum) : "EUNKNOWN"));
  error.Set("syscall", Napi::String::New(env, syscall));
  error.Set("path", Napi::String::New(env, path));
  error.ThrowAsJavaScriptException();
}

bool expect_strings(const Napi::CallbackInfo& info, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (info.Length() > i && info[i].IsString()) continue;
    Napi::TypeError::New(info.Env(), "expected a string").ThrowAsJavaScriptException();
    return false;
  }
  return true;
}

bool expect_numbers(const Napi::CallbackInfo& info, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    if (info.Length() > i && info[i].IsNumber()) continue;
    Napi::TypeError::New(info.Env(), "expected a number").ThrowAsJavaScriptException();
    return false;
  }
  return true;
}

std::string text(const Napi::CallbackInfo& info, size_t i) { return info[i].As<Napi::String>().Utf8Value(); }

uint32_t number(const Napi::CallbackInfo& info, size_t i) { return info[i].As<Napi::Number>().Uint32Value(); }

// makeNode(path, mode with its type bits, major, minor)
Napi::Value make_node(const Napi::CallbackInfo& info) {
  if (!expect_strings(info, 1) || !expect_numbers(info, 1, 4)) return info.Env().Undefined();
  const std::string path = text(info, 0);
  if (mknod(path.c_str(), number(info, 1), makedev(number(info, 2), number(info, 3))) < 0) {
    throw_errno(info.Env(), "mknod", path);
  }
  return info.Env().Undefined();
}

// Copies one attribute; false when the target's file system has no such attributes.
bool copy_attribute(const std::string& from, const std::string& to, const char* name, std::vector<char>& value) {
  const ssize_t size = lgetxattr(from.c_str(), name, value.data(), value.size());
  if (size < 0) return errno == ENODATA;
  return lsetxattr(to.c_str(), name, value.data(), static_cast<size_t>(size), 0) == 0 || errno == ENOTSUP;
}

// copyXattrs(from, to): all but overlayfs' own, which would make the target look like a layer. Does not follow links.
Napi::Value copy_xattrs(const Napi::CallbackInfo& info) {
  if (!expect_strings(info, 2)) return info.Env().Undefined();
  const std::string from = text(info, 0);
  const std::string to = text(info, 1);
  std::vector<char> names(64 << 10);  // XATTR_LIST_MAX
  const ssize_t length = llistxattr(from.c_str(), names.data(), names.size());
  if (length < 0) {
    if (errno != ENOTSUP) throw_errno(info.Env(), "llistxattr", from);
    return info.Env().Undefined();
  }
  std::vector<char> value(64 << 10);  // XATTR_SIZE_MAX
  for (const char* name = names.data(); name < names.data() + length; name += strlen(name) + 1) {
    if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0) continue;
    if (copy_attribute(from, to, name, value)) continue;
    throw_errno(info.Env(), "lsetxattr", to);
    break;
  }
  return info.Env().Undefined();
}

// isOpaqueDirectory(path): overlayfs hides the layers below this directory.
Napi::Value is_opaque_directory(const Napi::CallbackInfo& info) {
  if (!expect_strings(info, 1)) return info.Env().Undefined();
  const std::string path = text(info, 0);
  char value[8] = {};
  const ssize_t size = lgetxattr(path.c_str(), "trusted.overlay.opaque", value, sizeof value);
  if (size < 0 && errno != ENODATA && errno != ENOTSUP && errno != ENOENT) {
    throw_errno(info.Env(), "lgetxattr", path);
    return info.Env().Undefined();
  }
  return Napi::Boolean::New(info.Env(), size > 0 && value[0] == 'y');
}

// mountTmpfs(target, data): nosuid, nodev and noexec.
Napi::Value mount_tmpfs(const Napi::CallbackInfo& info) {
  if (!expect_strings(info, 2)) return info.Env().Undefined();
  const std::string target = text(info, 0);
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (mount("shm", target.c_str(), "tmpfs", flags, text(info, 1).c_str()) < 0) throw_errno(info.Env(), "mount", target);
  return info.Env().Undefined();
}

// detachMount(target): the mount goes when its last user does; what is not mounted is fine.
Napi::Value detach_mount(const Napi::CallbackInfo& info) {
  if (!expect_strings(info, 1)) return info.Env().Undefined();
  const std::string target = text(info, 0);
  if (umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT) {
    throw_errno(info.Env(), "umount2", target);
  }
  return info.Env().Undefined();
}

}  // namespace

void export_node(Napi::Env env, Napi::Object exports) {
  exports.Set("makeNode", Napi::Function::New(env, make_node));
  exports.Set("copyXattrs", Napi::Function::New(env, copy_xattrs));
  exports.Set("isOpaqueDirectory", Napi::Function::New(env, is_opaque_directory));
  exports.Set("mountTmpfs", Napi::Function::New(env, mount_tmpfs));
  exports.Set("detachMount", Napi::Function::New(env, detach_mount));
}

}  // namespace tsd::addon
