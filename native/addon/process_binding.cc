// Processes: start a helper, reap it, signal one without a pid race.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "addon/binding.h"
#include "addon/convert.h"
#include "addon/poll.h"
#include "core/spawn.h"

#ifndef P_PIDFD
#define P_PIDFD static_cast<idtype_t>(3)
#endif

namespace tsd::addon {
namespace {

Napi::Value open_executable_copy(const Napi::CallbackInfo& info) {
  std::string path;
  if (!to_string(info[0], "path", &path)) return {};
  auto opened = open_executable(path.c_str());
  if (!opened.ok()) {
    system_error(info.Env(), opened.error()).ThrowAsJavaScriptException();
    return {};
  }
  return Napi::Number::New(info.Env(), opened.value().release());
}

// Resolves with {exitCode, signal} once the process has ended and is reaped; libuv waits only for its own children.
Napi::Value reap(Napi::Env env, UniqueFd pidfd, bool ref) {
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  auto held = std::make_shared<UniqueFd>(std::move(pidfd));
  const int error = when_readable(env, held->get(), ref, [deferred, held](Napi::Env inner) {
    siginfo_t status{};
    if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(held->get()), &status, WEXITED | WNOHANG | __WALL) <
        0) {
      deferred->Reject(system_error(inner, last_error("waitid", "reap")).Value());
      return;
    }
    const bool exited = status.si_code == CLD_EXITED;
    Napi::Object result = Napi::Object::New(inner);
    result.Set("exitCode", exited ? status.si_status : 128 + status.si_status);
    result.Set("signal", exited ? 0 : status.si_status);
    deferred->Resolve(result);
  });
  if (error < 0) deferred->Reject(system_error(env, Error{-error, "epoll_ctl", "reap", ""}).Value());
  return deferred->Promise();
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

Napi::Value spawn_helper(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "options must be an object").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  int executable = -1;
  std::vector<std::string> args, environment;
  std::vector<int> passed, standard;
  if (!to_int(options.Get("executable"), "executable", &executable)) return env.Undefined();
  if (!to_strings(options.Get("args"), "args", &args)) return env.Undefined();
  if (!to_ints(options.Get("fds"), "fds", &passed)) return env.Undefined();
  if (options.Has("env") && !to_strings(options.Get("env"), "env", &environment)) return env.Undefined();
  if (options.Has("stdio") && !to_ints(options.Get("stdio"), "stdio", &standard)) return env.Undefined();
  const bool ref = !options.Has("ref") || options.Get("ref").ToBoolean().Value();

  // node marks its own 0-2 close-on-exec, and a file a helper opens must never become one of them.
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) {
    system_error(env, last_error("open", "spawn", "/dev/null")).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  std::vector<int> fds(3, null.get());
  std::copy_n(standard.begin(), std::min(standard.size(), fds.size()), fds.begin());
  fds.insert(fds.end(), passed.begin(), passed.end());
  args.insert(args.begin(), "tsd-shim");
  std::vector<char*> argv = pointers(args), envp = pointers(environment);
  auto spawned = spawn({executable, argv.data(), envp.data(), fds.data(), fds.size()});
  if (!spawned.ok()) {
    system_error(env, spawned.error()).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", spawned.value().pid);
  result.Set("exited", reap(env, std::move(spawned.value().pidfd), ref));
  return result;
}

Napi::Value pidfd_open(const Napi::CallbackInfo& info) {
  int pid = -1;
  if (!to_int(info[0], "pid", &pid)) return {};
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) {
    system_error(info.Env(), last_error("pidfd_open")).ThrowAsJavaScriptException();
    return {};
  }
  return Napi::Number::New(info.Env(), fd);
}

Napi::Value pidfd_signal(const Napi::CallbackInfo& info) {
  int pidfd = -1, number = 0;
  if (!to_int(info[0], "pidfd", &pidfd) || !to_int(info[1], "signal", &number)) return {};
  if (syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) < 0)
    system_error(info.Env(), last_error("pidfd_send_signal")).ThrowAsJavaScriptException();
  return info.Env().Undefined();
}

}  // namespace

void export_process(Napi::Env env, Napi::Object exports) {
  exports.Set("openExecutable", Napi::Function::New(env, open_executable_copy));
  exports.Set("spawnHelper", Napi::Function::New(env, spawn_helper));
  exports.Set("pidfdOpen", Napi::Function::New(env, pidfd_open));
  exports.Set("pidfdSignal", Napi::Function::New(env, pidfd_signal));
}

}  // namespace tsd::addon
