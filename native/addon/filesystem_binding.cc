#include "addon/binding.h"

namespace tsd::addon {

void export_filesystem(Napi::Env, Napi::Object) {}

}  // namespace tsd::addon
