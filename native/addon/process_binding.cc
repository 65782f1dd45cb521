#include "addon/binding.h"

namespace tsd::addon {

void export_process(Napi::Env, Napi::Object) {}

}  // namespace tsd::addon
