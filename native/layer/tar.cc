#include "layer/tar.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <algorithm>

namespace tsd::layer {

namespace {

constexpr size_t kBlock = 512;
// Extended headers hold names and attributes; the same limit as Go's archive/tar.
constexpr uint64_t kMaxExtendedBytes = 1 << 20;

struct Field {
  size_t offset;
  size_t size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kMtime{136, 12},
    kChecksum{148, 8}, kLink{157, 100}, kMajor{329, 8}, kMinor{337, 8}, kPrefix{345, 155};
constexpr size_t kType = 156;
constexpr size_t kMagic = 257;

std::string text_of(const uint8_t* block, Field field) {
  const char* start = reinterpret_cast<const char*>(block) + field.offset;
  return std::string(start, strnlen(start, field.size));
}

// Octal text, or GNU base-256 when the first byte's top bit is set. False: not a number, or beyond 63 bits.
bool number_of(const uint8_t* block, Field field, int64_t* out) {
  const uint8_t* p = block + field.offset;
  if (p[0] & 0x80) {
    const bool negative = p[0] & 0x40;
    const uint8_t invert = negative ? 0xff : 0;
    uint64_t value = 0;
    for (size_t i = 0; i < field.size; i++) {
      const uint8_t byte = (p[i] ^ invert) & (i == 0 ? 0x7f : 0xff);
      if (value >> 55) return false;
      value = value << 8 | byte;
    }
    *out = negative ? ~static_cast<int64_t>(value) : static_cast<int64_t>(value);
    return true;
  }
  size_t i = 0;
  while (i < field.size && (p[i] == ' ' || p[i] == 0)) i++;
  uint64_t value = 0;
  for (; i < field.size && p[i] != ' ' && p[i] != 0; i++) {
    if (p[i] < '0' || p[i] > '7' || value >> 60) return false;
    value = value << 3 | static_cast<uint64_t>(p[i] - '0');
  }
  *out = static_cast<int64_t>(value);
  return true;
}

// Old writers summed signed bytes.
bool checksum_matches(const uint8_t* block) {
  int64_t stored;
  if (!number_of(block, kChecksum, &stored)) return false;
  int64_t plain = 0, with_sign = 0;
  for (size_t i = 0; i < kBlock; i++) {
    const bool inside = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    plain += inside ? ' ' : block[i];
    with_sign += inside ? ' ' : static_cast<int8_t>(block[i]);
  }
  return stored == plain || stored == with_sign;
}

// Seconds with an optional fraction and sign, as pax writes times.
bool pax_time(const std::string& text, struct timespec* out) {
  const bool negative = !text.empty() && text[0] == '-';
  const size_t dot = text.find('.');
  uint64_t seconds;
  if (!decimal(text.substr(negative, dot == std::string::npos ? dot : dot - negative), INT64_MAX / 2, &seconds))
    return false;
  long nanos = 0;
  if (dot != std::string::npos) {
    std::string fraction = text.substr(dot + 1, 9);
    uint64_t parsed = 0;
    if (!fraction.empty() && !decimal(fraction, 999999999, &parsed)) return false;
    for (size_t i = fraction.size(); i < 9; i++) parsed *= 10;
    nanos = static_cast<long>(parsed);
  }
  out->tv_sec = static_cast<time_t>(seconds);
  out->tv_nsec = nanos;
  if (negative) {
    out->tv_sec = -out->tv_sec;
    if (nanos > 0) {
      out->tv_sec -= 1;
      out->tv_nsec = 1000000000 - nanos;
    }
  }
  return true;
}

bool all_zero(const uint8_t* block) {
  for (size_t i = 0; i < kBlock; i++)
    if (block[i]) return false;
  return true;
}

uint64_t padding(uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

}  // namespace

Next TarReader::fail(std::string message) {
  message_ = std::move(message);
  return Next::failed;
}

// False with at_end: a clean end. False without: message_ is set.
bool TarReader::read_block(uint8_t* block, bool* at_end) {
  *at_end = false;
  auto got = input_.read_full(block, kBlock);
  if (!got.ok()) {
    message_ = std::string("read: ") + strerror(got.error().errnum);
    return false;
  }
  if (got.value() == 0) {
    *at_end = true;
    return false;
  }
  if (got.value() < kBlock) {
    message_ = "unexpected EOF";
    return false;
  }
  return true;
}

bool TarReader::read_text(uint64_t size, std::string* out) {
  if (size > kMaxExtendedBytes) {
    message_ = "archive/tar: header field too long";
    return false;
  }
  out->resize(static_cast<size_t>(size));
  auto got = input_.read_full(out->data(), out->size());
  if (!got.ok() || got.value() < size || !input_.skip(padding(size)).ok()) {
    message_ = "unexpected EOF";
    return false;
  }
  return true;
}

bool TarReader::parse_header(const uint8_t* block, Entry& entry) {
  int64_t mode, uid, gid, size, mtime, major = 0, minor = 0;
  const bool device = block[kType] == '3' || block[kType] == '4';
  if (!checksum_matches(block) || !number_of(block, kMode, &mode) || !number_of(block, kUid, &uid) ||
      !number_of(block, kGid, &gid) || !number_of(block, kSize, &size) || !number_of(block, kMtime, &mtime) ||
      (device && (!number_of(block, kMajor, &major) || !number_of(block, kMinor, &minor)))) {
    message_ = "archive/tar: invalid tar header";
    return false;
  }
  if (size < 0 || uid < 0 || uid > UINT32_MAX || gid < 0 || gid > UINT32_MAX || major < 0 || major > 0xfff ||
      minor < 0 || minor > 0xfffff) {
    message_ = "archive/tar: invalid tar header";
    return false;
  }
  entry = Entry{};
  entry.type = block[kType] == 0 || block[kType] == '7' ? '0' : static_cast<char>(block[kType]);
  entry.name = text_of(block, kName);
  entry.link = text_of(block, kLink);
  entry.mode = static_cast<uint32_t>(mode & 07777);
  entry.uid = static_cast<uint32_t>(uid);
  entry.gid = static_cast<uint32_t>(gid);
  entry.major = static_cast<uint32_t>(major);
  entry.minor = static_cast<uint32_t>(minor);
  entry.size = static_cast<uint64_t>(size);
  entry.mtime.tv_sec = static_cast<time_t>(mtime);
  // GNU's own magic ("ustar  ") uses the prefix field for other things.
  if (memcmp(block + kMagic, "ustar\0", 6) == 0) {
    const std::string prefix = text_of(block, kPrefix);
    if (!prefix.empty()) entry.name = prefix + "/" + entry.name;
  }
  return true;
}

namespace {

// pax formats 0.0 (offset and numbytes over and over), 0.1 (map) and 1.0 (the list is in the content).
bool apply_sparse_record(const std::string& key, const std::string& value, Entry& entry) {
  SparseMap& map = entry.sparse;
  map.present = true;
  uint64_t number;
  if (key == "size" || key == "realsize") return decimal(value, INT64_MAX, &map.real_size);
  if (key == "offset" || key == "numbytes") return decimal(value, INT64_MAX, &number) && map.add_number(number);
  if (key == "major") {
    map.in_content = value == "1";
    return value == "0" || value == "1";
  }
  if (key == "minor") return value == "0" || value == "1";
  if (key == "name") {
    if (value.find('\0') != std::string::npos) return false;
    map.name = value;
    return true;
  }
  if (key == "map") {
    for (size_t at = 0; at <= value.size();) {
      const size_t comma = std::min(value.find(',', at), value.size());
      if (!decimal(value.substr(at, comma - at), INT64_MAX, &number) || !map.add_number(number)) return false;
      at = comma + 1;
    }
  }
  return true;  // numblocks says what the list says
}

}  // namespace

bool TarReader::apply_record(const std::string& key, std::string value, Entry& entry) {
  uint64_t number;
  if (key == "path") {
    entry.name = std::move(value);
  } else if (key == "linkpath") {
    entry.link = std::move(value);
  } else if (key == "size") {
    if (!decimal(value, INT64_MAX, &number)) return false;
    entry.size = number;
  } else if (key == "uid") {
    if (!decimal(value, UINT32_MAX, &number)) return false;
    entry.uid = static_cast<uint32_t>(number);
  } else if (key == "gid") {
    if (!decimal(value, UINT32_MAX, &number)) return false;
    entry.gid = static_cast<uint32_t>(number);
  } else if (key == "mtime") {
    return pax_time(value, &entry.mtime);
  } else if (key.starts_with("SCHILY.xattr.")) {
    entry.xattrs.emplace_back(key.substr(13), std::move(value));
  } else if (key.starts_with("GNU.sparse.")) {
    return apply_sparse_record(key.substr(11), value, entry);
  }
  return true;
}

// "LENGTH KEY=VALUE\n", LENGTH counting the whole record.
bool TarReader::apply_pax(const std::string& records, Entry& entry) {
  message_ = "archive/tar: invalid tar header";
  for (size_t at = 0; at < records.size();) {
    const size_t space = records.find(' ', at);
    uint64_t length;
    if (space == std::string::npos || space - at > 8 ||
        !decimal(records.substr(at, space - at), records.size() - at, &length))
      return false;
    const size_t end = at + static_cast<size_t>(length);
    if (end <= space + 1 || records[end - 1] != '\n') return false;
    const size_t equals = records.find('=', space);
    if (equals == std::string::npos || equals >= end || equals == space + 1) return false;
    std::string value = records.substr(equals + 1, end - 1 - (equals + 1));
    const std::string key = records.substr(space + 1, equals - space - 1);
    const bool is_name = key == "path" || key == "linkpath";
    if (is_name && value.find('\0') != std::string::npos) return false;
    // An empty value takes the record back: the header's own field counts again.
    if (!value.empty() || key.starts_with("SCHILY.xattr.")) {
      if (!apply_record(key, std::move(value), entry)) return false;
    }
    at = end;
  }
  message_.clear();
  return true;
}

// Type S: four pieces in the header, more of them in blocks that follow.
bool TarReader::read_old_sparse(const uint8_t* header, Entry& entry) {
  message_ = "archive/tar: invalid tar header";
  int64_t real_size;
  if (!number_of(header, {483, 12}, &real_size) || real_size < 0) return false;
  entry.sparse.present = true;
  entry.sparse.real_size = static_cast<uint64_t>(real_size);
  uint8_t block[kBlock];
  const uint8_t* pieces = header + 386;
  size_t count = 4;
  bool more = header[482] != 0;
  for (;;) {
    for (size_t i = 0; i < count && pieces[i * 24] != 0; i++) {
      int64_t offset, length;
      if (!number_of(pieces, {i * 24, 12}, &offset) || !number_of(pieces, {i * 24 + 12, 12}, &length)) return false;
      if (offset < 0 || length < 0 || !entry.sparse.add_number(static_cast<uint64_t>(offset)) ||
          !entry.sparse.add_number(static_cast<uint64_t>(length)))
        return false;
    }
    if (!more) break;
    bool at_end;
    if (!read_block(block, &at_end)) {
      if (at_end) message_ = "unexpected EOF";
      return false;
    }
    pieces = block;
    count = 21;
    more = block[504] != 0;
  }
  message_.clear();
  return true;
}

// pax 1.0: the number of pieces, then each one's offset and length, a decimal number a line, filled up to a block.
bool TarReader::read_sparse_table(Entry& entry) {
  message_ = "archive/tar: invalid tar header";
  std::string line;
  uint64_t number, wanted = 1;
  bool counted = false;
  for (uint64_t done = 0; done < wanted;) {
    if (entry.size < kBlock) return false;
    uint8_t block[kBlock];
    bool at_end;
    if (!read_block(block, &at_end)) {
      if (at_end) message_ = "unexpected EOF";
      return false;
    }
    entry.size -= kBlock;
    for (size_t i = 0; i < kBlock && done < wanted; i++) {
      if (block[i] != '\n') {
        line += static_cast<char>(block[i]);
        if (line.size() > 20) return false;
        continue;
      }
      if (!decimal(line, INT64_MAX / 4, &number)) return false;
      line.clear();
      if (!counted) {
        counted = true;
        wanted = 2 * number;
      } else if (!entry.sparse.add_number(number)) {
        return false;
      } else {
        done++;
      }
    }
  }
  message_.clear();
  return true;
}

Next TarReader::next(Entry& entry) {
  std::string long_name, long_link, pax;
  bool pending = false;
  for (;;) {
    uint8_t block[kBlock];
    bool at_end;
    if (!read_block(block, &at_end)) {
      if (at_end) return pending ? fail("unexpected EOF") : Next::end;
      return Next::failed;
    }
    if (all_zero(block)) return pending ? fail("archive/tar: invalid tar header") : Next::end;
    if (!parse_header(block, entry)) return Next::failed;
    std::string* extended = entry.type == 'L'   ? &long_name
                            : entry.type == 'K' ? &long_link
                            : entry.type == 'x' ? &pax
                                                : nullptr;
    if (extended) {
      if (!read_text(entry.size, extended)) return Next::failed;
      pending = true;
      continue;
    }
    if (entry.type == 'g') {  // global records carry nothing a layer needs
      std::string ignored;
      if (!read_text(entry.size, &ignored)) return Next::failed;
      continue;
    }
    if (!long_name.empty()) entry.name = long_name.c_str();
    if (!long_link.empty()) entry.link = long_link.c_str();
    if (!apply_pax(pax, entry)) return Next::failed;
    if (entry.type == 'S') {
      if (!read_old_sparse(block, entry)) return Next::failed;
      entry.type = '0';
    }
    if (entry.sparse.present) {
      if (!entry.sparse.name.empty()) entry.name = entry.sparse.name;
      if (entry.sparse.in_content && !read_sparse_table(entry)) return Next::failed;
      if (entry.type != '0' || !entry.sparse.fits(entry.size)) return fail("archive/tar: invalid tar header");
    }
    if (entry.type == '0' && entry.name.ends_with('/')) entry.type = '5';
    if (entry.type == '1' || entry.type == '2') entry.size = 0;  // some writers put the target's size here
    return Next::entry;
  }
}

bool TarReader::finish(const Entry& entry) { return input_.skip(padding(entry.size)).ok(); }

}  // namespace tsd::layer
