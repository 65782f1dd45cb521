// Reads tar headers: ustar, GNU long names (L, K) and sparse files (S), pax records (x) with GNU's sparse files.
// Everything in a header is hostile until checked.
#pragma once
#include <stdint.h>
#include <time.h>

#include <string>
#include <utility>
#include <vector>

#include "layer/input.h"
#include "layer/sparse.h"

namespace tsd::layer {

struct Entry {
  char type = '0';
  std::string name;
  std::string link;
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  // Of the content in the archive; a sparse file's real size is in `sparse`.
  uint64_t size = 0;
  struct timespec mtime = {};
  // Name without `SCHILY.xattr.`, value as bytes.
  std::vector<std::pair<std::string, std::string>> xattrs;
  SparseMap sparse;
};

// What next() found. `failed`: message() says why.
enum class Next { entry, end, failed };

class TarReader {
 public:
  explicit TarReader(Input& input) : input_(input) {}

  // Reads up to the next file's header. The caller consumes exactly entry.size bytes of content, then calls finish().
  Next next(Entry& entry);
  // Skips the padding after the content. False: the archive ended inside it.
  bool finish(const Entry& entry);
  const std::string& message() const { return message_; }

 private:
  Next fail(std::string message);
  bool read_block(uint8_t* block, bool* at_end);
  bool read_text(uint64_t size, std::string* out);
  bool parse_header(const uint8_t* block, Entry& entry);
  bool apply_pax(const std::string& records, Entry& entry);
  bool apply_record(const std::string& key, std::string value, Entry& entry);
  bool read_old_sparse(const uint8_t* header, Entry& entry);
  bool read_sparse_table(Entry& entry);

  Input& input_;
  std::string message_;
};

}  // namespace tsd::layer
