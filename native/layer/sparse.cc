#include "layer/sparse.h"

namespace tsd::layer {

namespace {
// 16 MiB of list: a real file has far fewer pieces.
constexpr size_t kMaxChunks = 1 << 20;
}  // namespace

bool SparseMap::add_number(uint64_t number) {
  if (half_) {
    chunks.back().length = number;
  } else {
    if (chunks.size() >= kMaxChunks) return false;
    chunks.push_back({number, 0});
  }
  half_ = !half_;
  return true;
}

bool SparseMap::fits(uint64_t archived) const {
  if (half_) return false;
  uint64_t end = 0, sum = 0;
  for (const auto& chunk : chunks) {
    if (chunk.offset < end || chunk.offset > real_size || chunk.length > real_size - chunk.offset) return false;
    end = chunk.offset + chunk.length;
    sum += chunk.length;
  }
  return sum == archived;
}

bool decimal(const std::string& text, uint64_t max, uint64_t* out) {
  if (text.empty()) return false;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (max - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *out = value;
  return true;
}

}  // namespace tsd::layer
