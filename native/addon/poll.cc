#include "addon/poll.h"

#include <uv.h>

namespace tsd::addon {
namespace {

struct Wait {
  uv_poll_t handle;
  napi_env env;
  Napi::AsyncContext context;
  std::function<void(Napi::Env)> ready;
};

void on_ready(uv_poll_t* handle, int, int) {
  auto* wait = static_cast<Wait*>(handle->data);
  uv_poll_stop(handle);
  auto ready = std::move(wait->ready);
  const Napi::Env env(wait->env);
  {
    // The callback scope runs the promise reactions when it closes.
    Napi::HandleScope handles(env);
    Napi::CallbackScope callbacks(env, wait->context);
    ready(env);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) { delete static_cast<Wait*>(closed->data); });
}

}  // namespace

int when_readable(Napi::Env env, int fd, bool ref, std::function<void(Napi::Env)> ready) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* wait = new Wait{{}, env, Napi::AsyncContext(env, "tsdocker:poll"), std::move(ready)};
  wait->handle.data = wait;
  if (const int error = uv_poll_init(loop, &wait->handle, fd); error < 0) {
    delete wait;
    return error;
  }
  if (!ref) uv_unref(reinterpret_cast<uv_handle_t*>(&wait->handle));
  uv_poll_start(&wait->handle, UV_READABLE, on_ready);
  return 0;
}

}  // namespace tsd::addon
