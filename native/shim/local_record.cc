#include "shim/local_record.h"

#include <string.h>

namespace tsd::shim {
namespace {

constexpr size_t kIdLength = 64;

// Field number and wire type of the LogEntry and of its PartialLogEntryMetadata.
constexpr char kSource = 0x0a, kTime = 0x10, kLine = 0x1a, kPartial = 0x20, kMetadata = 0x2a;
constexpr char kLast = 0x08, kId = 0x12, kOrdinal = 0x18;

char* varint(char* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

char* big_endian(char* out, size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = static_cast<char>(value >> shift);
  return out;
}

// The fields before the line and, of a line that is not empty, the line's own key and length.
char* fields_before(const LocalRecord& record, char* out) {
  *out++ = kSource;
  *out++ = 6;
  memcpy(out, record.stream == 1 ? "stdout" : "stderr", 6);
  out += 6;
  *out++ = kTime;
  out =
      varint(out, static_cast<uint64_t>(record.time.tv_sec) * 1000000000u + static_cast<uint64_t>(record.time.tv_nsec));
  if (record.line_length == 0) return out;
  *out++ = kLine;
  return varint(out, record.line_length);
}

char* fields_after(const LocalRecord& record, char* out) {
  if (!record.partial) return out;
  char metadata[kLocalTailMax];
  char* end = metadata;
  if (record.last) {
    *end++ = kLast;
    *end++ = 1;
  }
  *end++ = kId;
  *end++ = static_cast<char>(kIdLength);
  memcpy(end, record.id, kIdLength);
  end += kIdLength;
  *end++ = kOrdinal;
  end = varint(end, record.ordinal);
  const auto length = static_cast<size_t>(end - metadata);
  *out++ = kPartial;
  *out++ = 1;
  *out++ = kMetadata;
  out = varint(out, length);
  memcpy(out, metadata, length);
  return out + length;
}

size_t message_length(const LocalRecord& record) {
  char scratch[kLocalHeadMax + kLocalTailMax];
  const auto before = static_cast<size_t>(fields_before(record, scratch) - scratch);
  const auto after = static_cast<size_t>(fields_after(record, scratch) - scratch);
  return before + record.line_length + after;
}

}  // namespace

size_t local_head(const LocalRecord& record, char* out) {
  return static_cast<size_t>(fields_before(record, big_endian(out, message_length(record))) - out);
}

size_t local_tail(const LocalRecord& record, char* out) {
  return static_cast<size_t>(big_endian(fields_after(record, out), message_length(record)) - out);
}

}  // namespace tsd::shim
