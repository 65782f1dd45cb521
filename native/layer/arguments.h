// `key=value` words of a helper's command line.
#pragma once
#include <string.h>

#include <string>
#include <string_view>
#include <vector>

namespace tsd::layer {

class Arguments {
 public:
  Arguments(int argc, char** argv) : words_(argv, argv + argc) {}

  // The first value of `key`, or null. It ends with a zero and lives as long as the process.
  const char* get(std::string_view key) const {
    for (const char* word : words_)
      if (const char* value = value_of(word, key)) return value;
    return nullptr;
  }
  bool has(std::string_view key) const { return get(key) != nullptr; }
  std::string text(std::string_view key) const {
    const char* value = get(key);
    return value ? value : "";
  }
  // All values of `key`, in order, each with its zero at the end.
  std::string all(std::string_view key, uint32_t* count) const {
    std::string out;
    *count = 0;
    for (const char* word : words_) {
      const char* value = value_of(word, key);
      if (!value) continue;
      out.append(value, strlen(value) + 1);
      ++*count;
    }
    return out;
  }
  const std::vector<const char*>& words() const { return words_; }
  static const char* value_of(const char* word, std::string_view key) {
    return strncmp(word, key.data(), key.size()) == 0 && word[key.size()] == '=' ? word + key.size() + 1 : nullptr;
  }

 private:
  std::vector<const char*> words_;
};

}  // namespace tsd::layer
