#include "addon/binding.h"

namespace tsd::addon {

void export_netlink(Napi::Env, Napi::Object) {}

}  // namespace tsd::addon
