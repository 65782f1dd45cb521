// The layer's bytes: a large buffer over a pipe, so that headers cost no system call of their own.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <memory>

#include "core/error.h"

namespace tsd::layer {

class Input {
 public:
  explicit Input(int fd);

  // At least one byte, at most `max`, without copying; 0 at the end. Valid until the next call.
  Result<size_t> take(size_t max, const uint8_t** data);
  // Exactly `size` bytes, or fewer at the end of the stream: the count read.
  Result<size_t> read_full(void* out, size_t size);
  // Reads and drops; fails with EPIPE when the stream ends first.
  Status skip(uint64_t size);
  // Reads to the end, so that the writer never sees a closed pipe.
  Status drain();

 private:
  Result<size_t> fill();

  int fd_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t start_ = 0;
  size_t end_ = 0;
};

}  // namespace tsd::layer
