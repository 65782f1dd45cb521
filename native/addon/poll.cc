#include "addon/poll.h"

#include <uv.h>

#include <memory>

namespace tsd::addon {
namespace {

struct Wait {
  uv_poll_t handle;
  napi_env env;
  std::unique_ptr<Napi::AsyncContext> context;
  std::function<void(Napi::Env)> ready;
};

// The handle's memory is libuv's until the close callback, which may come when the environment is gone: all that
// belongs to the environment has to go before.
void close_handle(Wait* wait) {
  wait->context.reset();
  wait->ready = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&wait->handle),
           [](uv_handle_t* closed) { delete static_cast<Wait*>(closed->data); });
}

void on_environment_end(void* argument) {
  auto* wait = static_cast<Wait*>(argument);
  uv_poll_stop(&wait->handle);
  close_handle(wait);
}

// While node ends it still turns its loop, but no JavaScript may run.
bool can_run_javascript(napi_env env) {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value global;
  bool ignored = false;
  const bool can =
      napi_get_global(env, &global) == napi_ok && napi_has_named_property(env, global, "process", &ignored) == napi_ok;
  napi_close_handle_scope(env, scope);
  return can;
}

void on_ready(uv_poll_t* handle, int, int) {
  auto* wait = static_cast<Wait*>(handle->data);
  uv_poll_stop(handle);
  // The end of the environment will close it.
  if (!can_run_javascript(wait->env)) return;
  napi_remove_env_cleanup_hook(wait->env, on_environment_end, wait);
  {
    // The callback scope runs the promise reactions when it closes.
    const Napi::Env env(wait->env);
    Napi::HandleScope handles(env);
    Napi::CallbackScope callbacks(env, *wait->context);
    wait->ready(env);
  }
  close_handle(wait);
}

int when(int events, Napi::Env env, int fd, bool ref, std::function<void(Napi::Env)> ready) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto wait = std::make_unique<Wait>();
  wait->env = env;
  wait->handle.data = wait.get();
  if (const int error = uv_poll_init(loop, &wait->handle, fd); error < 0) return error;
  Wait* running = wait.release();
  running->context = std::make_unique<Napi::AsyncContext>(env, "tsdocker:poll");
  running->ready = std::move(ready);
  if (!ref) uv_unref(reinterpret_cast<uv_handle_t*>(&running->handle));
  napi_add_env_cleanup_hook(env, on_environment_end, running);
  uv_poll_start(&running->handle, events, on_ready);
  return 0;
}

}  // namespace

int when_readable(Napi::Env env, int fd, bool ref, std::function<void(Napi::Env)> ready) {
  return when(UV_READABLE, env, fd, ref, std::move(ready));
}

int when_writable(Napi::Env env, int fd, bool ref, std::function<void(Napi::Env)> ready) {
  return when(UV_WRITABLE, env, fd, ref, std::move(ready));
}

}  // namespace tsd::addon
