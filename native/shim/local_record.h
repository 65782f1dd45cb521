// Records of docker's `local` log format: a protobuf LogEntry between two copies of its length (four bytes, big
// endian), so that a file can be read from either end.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <time.h>

namespace tsd::shim {

struct LocalRecord {
  int stream;  // 1 stdout, 2 stderr
  timespec time;
  size_t line_length;
  bool partial;      // one of several parts of a long line
  bool last;         // of the parts
  const char* id;    // 64 characters that the parts share
  uint32_t ordinal;  // of the part, from 1
};

constexpr size_t kLocalHeadMax = 32, kLocalTailMax = 96;

// What comes before the line, and what comes after it. Return the length; `out` has room for the maximum.
size_t local_head(const LocalRecord& record, char* out);
size_t local_tail(const LocalRecord& record, char* out);

}  // namespace tsd::shim
