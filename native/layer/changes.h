// What a container's upper directory changes of the layers below it.
#pragma once
#include <string>

namespace tsd::layer {

// `A /path`, `C /path`, `D /path`, each ended by a zero byte; a directory stands before what is in it, names are in the
// order of their bytes. A directory counts as changed when something in it is.
// `upper`: the upper directory; `lower`: the merged layers below. False: `message` says why.
bool list_changes(int upper, int lower, std::string* out, std::string* message);

}  // namespace tsd::layer
