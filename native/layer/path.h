// Names in archives, cleaned as text before the kernel sees them.
#pragma once
#include <string>

namespace tsd::layer {

// "./a//b/../c" -> "a/c"; "" for the root. False: the name climbs out of the root.
bool clean(const std::string& name, std::string* out);

// For messages: one line, only printable characters, at most 256 of them.
std::string printable(const std::string& text);

}  // namespace tsd::layer
