// Takes away from the unpacker everything unpacking does not need, before it reads the first byte of the layer.
#pragma once
#include "core/error.h"

namespace tsd::layer {

// Makes `directory` this process' root in a mount namespace of its own, keeps seven capabilities, then allows only
// the system calls of unpacking. Closes every descriptor from 3 up.
Status confine(const char* directory);

}  // namespace tsd::layer
