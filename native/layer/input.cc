#include "layer/input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

namespace tsd::layer {

namespace {
constexpr size_t kBufferBytes = 1 << 20;
}

Input::Input(int fd) : fd_(fd), buffer_(new uint8_t[kBufferBytes]) {}

Result<size_t> Input::fill() {
  start_ = end_ = 0;
  for (;;) {
    const ssize_t n = ::read(fd_, buffer_.get(), kBufferBytes);
    if (n >= 0) {
      end_ = static_cast<size_t>(n);
      return end_;
    }
    if (errno != EINTR) return last_error("read", "read layer");
  }
}

Result<size_t> Input::take(size_t max, const uint8_t** data) {
  if (start_ == end_) {
    auto filled = fill();
    if (!filled.ok() || filled.value() == 0) return filled;
  }
  const size_t n = std::min(max, end_ - start_);
  *data = buffer_.get() + start_;
  start_ += n;
  return n;
}

Result<size_t> Input::read_full(void* out, size_t size) {
  size_t done = 0;
  while (done < size) {
    const uint8_t* data;
    auto got = take(size - done, &data);
    if (!got.ok()) return got;
    if (got.value() == 0) break;
    memcpy(static_cast<uint8_t*>(out) + done, data, got.value());
    done += got.value();
  }
  return done;
}

Status Input::skip(uint64_t size) {
  while (size > 0) {
    const uint8_t* data;
    auto got = take(static_cast<size_t>(std::min<uint64_t>(size, kBufferBytes)), &data);
    if (!got.ok()) return got.error();
    if (got.value() == 0) return Error{EPIPE, "read", "read layer"};
    size -= got.value();
  }
  return {};
}

Status Input::drain() {
  for (;;) {
    auto got = fill();
    if (!got.ok()) return got.error();
    if (got.value() == 0) return {};
  }
}

}  // namespace tsd::layer
