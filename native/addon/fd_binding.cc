#include "addon/binding.h"

namespace tsd::addon {

void export_fd(Napi::Env, Napi::Object) {}

}  // namespace tsd::addon
