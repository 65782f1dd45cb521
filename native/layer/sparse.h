// Where the data of a sparse file goes: GNU's four ways to say it come to one list.
#pragma once
#include <stdint.h>

#include <string>
#include <vector>

namespace tsd::layer {

struct SparseChunk {
  uint64_t offset;
  uint64_t length;
};

struct SparseMap {
  bool present = false;
  // pax format 1.0: the list stands in front of the content.
  bool in_content = false;
  uint64_t real_size = 0;
  // pax: what the file is called; its header has a name for readers that know no sparse files.
  std::string name;
  // In order, without overlaps; the rest of the file is holes.
  std::vector<SparseChunk> chunks;

  // A number of the flat list of pax 0.0 and 0.1: offset, length, offset, length ... False: too many.
  bool add_number(uint64_t number);
  // The list is complete: it is in order, inside the file, and as long as the content in the archive.
  bool fits(uint64_t archived) const;

 private:
  bool half_ = false;
};

// Decimal digits only, at most `max`.
bool decimal(const std::string& text, uint64_t max, uint64_t* out);

}  // namespace tsd::layer
