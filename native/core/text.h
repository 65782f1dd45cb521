// Text built in place, without allocation. What does not fit is cut, and `cut()` says so.
#pragma once
#include <stdint.h>
#include <string.h>

namespace tsd {

template <size_t N>
class Text {
 public:
  Text& add(const char* text) { return add(text, strlen(text)); }
  Text& add(const char* text, size_t length) {
    if (length > N - 1 - length_) {
      length = N - 1 - length_;
      cut_ = true;
    }
    memcpy(data_ + length_, text, length);
    length_ += length;
    data_[length_] = '\0';
    return *this;
  }
  // Decimal; `width` fills with zeros on the left.
  Text& number(uint64_t value, int width = 1) {
    char digits[24];
    int n = 0;
    for (; value > 0 || n < width; value /= 10) digits[n++] = static_cast<char>('0' + value % 10);
    char ordered[24];
    for (int i = 0; i < n; i++) ordered[i] = digits[n - 1 - i];
    return add(ordered, static_cast<size_t>(n));
  }
  void clear() {
    length_ = 0;
    cut_ = false;
    data_[0] = '\0';
  }
  void shorten(size_t length) {
    length_ = length;
    data_[length] = '\0';
  }
  const char* c_str() const { return data_; }
  size_t size() const { return length_; }
  bool cut() const { return cut_; }

 private:
  char data_[N] = {};
  size_t length_ = 0;
  bool cut_ = false;
};

}  // namespace tsd
