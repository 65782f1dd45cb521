#include "addon/binding.h"

namespace tsd::addon {

void export_terminal(Napi::Env, Napi::Object) {}

}  // namespace tsd::addon
