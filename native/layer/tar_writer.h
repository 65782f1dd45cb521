// Writes a tar archive: POSIX pax, where the plain header does not do. The same entries give the same bytes.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <string>

#include "core/error.h"
#include "layer/tar.h"

namespace tsd::layer {

class TarWriter {
 public:
  explicit TarWriter(int fd);

  // A header; exactly entry.size bytes of content must follow by content() or copy().
  Status add(const Entry& entry);
  Status content(const void* data, size_t size);
  // entry.size bytes from a file; what it has lost meanwhile is filled with zeros, what it has gained is left out.
  Status copy(int file, uint64_t size);
  // After the last entry.
  Status finish();

 private:
  Status put(const void* data, size_t size);
  Status flush();
  Status pad(uint64_t size);

  int fd_;
  std::unique_ptr<char[]> buffer_;
  size_t used_ = 0;
  uint64_t left_ = 0;
  uint64_t entry_size_ = 0;
};

}  // namespace tsd::layer
