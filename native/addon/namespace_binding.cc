#include "addon/binding.h"

namespace tsd::addon {

void export_namespace(Napi::Env, Napi::Object) {}

}  // namespace tsd::addon
