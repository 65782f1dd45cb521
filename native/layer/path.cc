#include "layer/path.h"

#include <stdio.h>

namespace tsd::layer {

bool clean(const std::string& name, std::string* out) {
  out->clear();
  for (size_t at = 0; at <= name.size();) {
    size_t end = name.find('/', at);
    if (end == std::string::npos) end = name.size();
    const size_t length = end - at;
    if (length == 2 && name.compare(at, 2, "..") == 0) {
      if (out->empty()) return false;
      const size_t slash = out->rfind('/');
      out->resize(slash == std::string::npos ? 0 : slash);
    } else if (length > 0 && !(length == 1 && name[at] == '.')) {
      if (!out->empty()) out->push_back('/');
      out->append(name, at, length);
    }
    at = end + 1;
  }
  return true;
}

std::string printable(const std::string& text) {
  std::string out;
  for (unsigned char c : text) {
    if (out.size() >= 256) return out + "...";
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      out.push_back(static_cast<char>(c));
    } else {
      char escaped[5];
      snprintf(escaped, sizeof escaped, "\\x%02x", c);
      out += escaped;
    }
  }
  return out;
}

}  // namespace tsd::layer
