// Takes away from the unpacker everything unpacking does not need, before it reads the first byte of the layer.
#pragma once
#include "core/error.h"

namespace tsd::layer {

// Makes `root` this process' root, keeps seven capabilities, then allows only the system calls of packing and
// unpacking. Closes every descriptor from `keep` up; the caller is in a mount namespace of its own.
Status confine(int root, unsigned keep);

}  // namespace tsd::layer
