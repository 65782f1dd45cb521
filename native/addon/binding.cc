#include "addon/binding.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  tsd::addon::export_process(env, exports);
  tsd::addon::export_datagram(env, exports);
  tsd::addon::export_fd(env, exports);
  tsd::addon::export_netlink(env, exports);
  tsd::addon::export_namespace(env, exports);
  tsd::addon::export_filesystem(env, exports);
  tsd::addon::export_node(env, exports);
  tsd::addon::export_terminal(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(native, initialise)
