// File-system calls node has no name for. Those that may take time work on the thread pool and return a promise.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "addon/binding.h"
#include "addon/convert.h"
#include "core/fd.h"
#include "core/tree.h"

namespace tsd::addon {

namespace {

struct Outcome {
  Error error;
  bool failed = false;
  double number = 0;
  bool has_number = false;
  std::string bytes;
  bool has_bytes = false;
};

// Runs `work` on a pool thread, then settles the promise on the main thread.
class FileTask : public Napi::AsyncWorker {
 public:
  FileTask(Napi::Env env, std::string path, std::function<Outcome(const std::string&)> work)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        path_(std::move(path)),
        work_(std::move(work)) {}
  Napi::Promise promise() const { return deferred_.Promise(); }
  void Execute() override { outcome_ = work_(path_); }
  void OnOK() override {
    const Napi::Env env = Env();
    if (outcome_.failed) {
      const Error& e = outcome_.error;
      Napi::Error error = Napi::Error::New(env, std::string(e.syscall) + " " + path_ + ": " + strerror(e.errnum));
      error.Set("errno", Napi::Number::New(env, e.errnum));
      error.Set("syscall", Napi::String::New(env, e.syscall));
      error.Set("step", Napi::String::New(env, e.step));
      error.Set("path", Napi::String::New(env, path_));
      deferred_.Reject(error.Value());
    } else if (outcome_.has_number) {
      deferred_.Resolve(Napi::Number::New(env, outcome_.number));
    } else if (outcome_.has_bytes) {
      deferred_.Resolve(Napi::Buffer<char>::Copy(env, outcome_.bytes.data(), outcome_.bytes.size()));
    } else {
      deferred_.Resolve(env.Undefined());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::string path_;
  std::function<Outcome(const std::string&)> work_;
  Outcome outcome_;
};

Outcome failed(const Error& error) {
  Outcome outcome;
  outcome.error = error;
  outcome.failed = true;
  return outcome;
}

bool string_arguments(const Napi::CallbackInfo& info, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (info.Length() > i && info[i].IsString()) continue;
    Napi::TypeError::New(info.Env(), "expected " + std::to_string(count) + " strings").ThrowAsJavaScriptException();
    return false;
  }
  return true;
}

Napi::Value start(const Napi::CallbackInfo& info, std::function<Outcome(const std::string&)> work) {
  auto* task = new FileTask(info.Env(), info[0].As<Napi::String>().Utf8Value(), std::move(work));
  const Napi::Promise promise = task->promise();
  task->Queue();
  return promise;
}

Napi::Value sync_file_system(const Napi::CallbackInfo& info) {
  if (!string_arguments(info, 1)) return info.Env().Undefined();
  return start(info, [](const std::string& path) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return failed(last_error("open", "sync file system"));
    if (syncfs(fd.get()) < 0) return failed(last_error("syncfs", "sync file system"));
    return Outcome{};
  });
}

Napi::Value remove_tree(const Napi::CallbackInfo& info) {
  if (!string_arguments(info, 1)) return info.Env().Undefined();
  return start(info, [](const std::string& path) {
    auto status = tree::remove(AT_FDCWD, path.c_str());
    return status.ok() ? Outcome{} : failed(status.error());
  });
}

Napi::Value tree_bytes(const Napi::CallbackInfo& info) {
  if (!string_arguments(info, 1)) return info.Env().Undefined();
  return start(info, [](const std::string& path) {
    auto bytes = tree::content_bytes(path.c_str());
    if (!bytes.ok()) return failed(bytes.error());
    Outcome outcome;
    outcome.number = static_cast<double>(bytes.value());
    outcome.has_number = true;
    return outcome;
  });
}

// Not waited for: what holds it for longer than a moment may stand still.
Napi::Value try_lock(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int fd = -1;
  if (!to_int(info[0], "fd", &fd)) return env.Undefined();
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return Napi::Boolean::New(env, true);
  if (errno == EWOULDBLOCK) return Napi::Boolean::New(env, false);
  return fail(env, last_error("flock", "lock"));
}

Napi::Value get_xattr(const Napi::CallbackInfo& info) {
  if (!string_arguments(info, 2)) return info.Env().Undefined();
  return start(info, [name = info[1].As<Napi::String>().Utf8Value()](const std::string& path) {
    Outcome outcome;
    outcome.bytes.resize(64 << 10);  // the kernel's limit of one attribute (XATTR_SIZE_MAX)
    const ssize_t size = lgetxattr(path.c_str(), name.c_str(), outcome.bytes.data(), outcome.bytes.size());
    if (size < 0) {
      if (errno == ENODATA || errno == ENOTSUP) return Outcome{};
      return failed(last_error("lgetxattr", "read attribute"));
    }
    outcome.bytes.resize(static_cast<size_t>(size));
    outcome.has_bytes = true;
    return outcome;
  });
}

}  // namespace

void export_filesystem(Napi::Env env, Napi::Object exports) {
  exports.Set("syncFileSystem", Napi::Function::New(env, sync_file_system));
  exports.Set("removeTree", Napi::Function::New(env, remove_tree));
  exports.Set("treeBytes", Napi::Function::New(env, tree_bytes));
  exports.Set("tryLock", Napi::Function::New(env, try_lock));
  exports.Set("getXattr", Napi::Function::New(env, get_xattr));
}

}  // namespace tsd::addon
