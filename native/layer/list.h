// What is below a directory of a tree, as wildcards of COPY --from ask.
#pragma once
#include <string>

namespace tsd::layer {

// `path` is below the root, its symlinks resolved; `depth` 1 names what is in the directory itself. Appends
// "T NAME\0" for each entry: T is `d` for a directory, `l` for a symlink, `f` for all else; NAME is relative to
// `path`, a directory stands before what is in it. Links are not followed. False: `message` says why.
bool list_below(int root, const std::string& path, int depth, std::string* out, std::string* message);

}  // namespace tsd::layer
