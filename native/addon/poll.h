// Waiting for a descriptor on node's own event loop.
#pragma once
#include <napi.h>

#include <functional>

namespace tsd::addon {

// Calls `ready` once on the main thread when `fd` is readable (a pidfd: when its process has ended). The descriptor
// stays the caller's, and must stay open until then. `ref` keeps node running meanwhile. Returns 0 or a negative errno.
int when_readable(Napi::Env env, int fd, bool ref, std::function<void(Napi::Env)> ready);

// The same for room to write.
int when_writable(Napi::Env env, int fd, bool ref, std::function<void(Napi::Env)> ready);

}  // namespace tsd::addon
