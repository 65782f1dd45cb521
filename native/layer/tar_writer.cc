#include "layer/tar_writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>

namespace tsd::layer {

namespace {

constexpr size_t kBlock = 512;
constexpr size_t kBufferBytes = 1 << 20;
// Smaller files are cheaper to copy than to send by a call of their own.
constexpr uint64_t kSendBytes = 256 << 10;
constexpr uint64_t kMaxOctal11 = 077777777777;
constexpr uint32_t kMaxOctal7 = 07777777;

bool plain(const std::string& text, size_t most) {
  if (text.size() > most) return false;
  for (unsigned char c : text)
    if (c < 0x20 || c > 0x7e) return false;
  return true;
}

std::string cut(const std::string& text) {
  std::string out;
  for (unsigned char c : text)
    if (c >= 0x20 && c <= 0x7e && out.size() < 100) out.push_back(static_cast<char>(c));
  return out;
}

// ustar's way for names up to 255 bytes: cut at a slash. False when that does not do.
bool split_name(const std::string& name, std::string* prefix, std::string* rest) {
  prefix->clear();
  *rest = name;
  if (plain(name, 100)) return true;
  if (!plain(name, 255)) return false;
  const size_t slash = name.rfind('/', 155);
  if (slash == std::string::npos || slash == 0 || slash + 1 == name.size() || name.size() - slash - 1 > 100)
    return false;
  *prefix = name.substr(0, slash);
  *rest = name.substr(slash + 1);
  return true;
}

void octal(char* block, size_t offset, size_t width, uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%0*llo", static_cast<int>(width - 1), static_cast<unsigned long long>(value));
  memcpy(block + offset, text, width - 1);
}

void make_block(char* block, const Entry& entry, char type, uint64_t size, const std::string& prefix,
                const std::string& name) {
  memset(block, 0, kBlock);
  memcpy(block, name.data(), std::min<size_t>(name.size(), 100));
  octal(block, 100, 8, entry.mode & 07777);
  octal(block, 108, 8, entry.uid > kMaxOctal7 ? 0 : entry.uid);
  octal(block, 116, 8, entry.gid > kMaxOctal7 ? 0 : entry.gid);
  octal(block, 124, 12, size > kMaxOctal11 ? 0 : size);
  octal(block, 136, 12, entry.mtime.tv_sec < 0 ? 0 : static_cast<uint64_t>(entry.mtime.tv_sec));
  memset(block + 148, ' ', 8);
  block[156] = type;
  if (type == '1' || type == '2') {
    const std::string link = plain(entry.link, 100) ? entry.link : cut(entry.link);
    memcpy(block + 157, link.data(), link.size());
  }
  memcpy(block + 257,
         "ustar\0"
         "00",
         8);
  octal(block, 329, 8, entry.major);
  octal(block, 337, 8, entry.minor);
  memcpy(block + 345, prefix.data(), std::min<size_t>(prefix.size(), 155));
  unsigned sum = 0;
  for (size_t i = 0; i < kBlock; i++) sum += static_cast<unsigned char>(block[i]);
  char text[8];
  snprintf(text, sizeof text, "%06o", sum);
  memcpy(block + 148, text, 7);
}

// "LENGTH KEY=VALUE\n", LENGTH counting itself.
void record(std::string* out, const std::string& key, const std::string& value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest;
  while (std::to_string(length).size() + rest != length) length = std::to_string(length).size() + rest;
  *out += std::to_string(length) + " " + key + "=" + value + "\n";
}

std::string seconds(const struct timespec& time) {
  // Negative times count nanoseconds forward from the second before.
  const bool negative = time.tv_sec < 0;
  long long whole = time.tv_sec;
  long nanos = time.tv_nsec;
  if (negative && nanos > 0) {
    whole += 1;
    nanos = 1000000000 - nanos;
  }
  char text[48];
  snprintf(text, sizeof text, "%s%lld.%09ld", negative && whole == 0 ? "-" : "", whole, nanos);
  std::string out = text;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

}  // namespace

TarWriter::TarWriter(int fd) : fd_(fd), buffer_(new char[kBufferBytes]) {}

Status TarWriter::flush() {
  for (size_t done = 0; done < used_;) {
    const ssize_t n = ::write(fd_, buffer_.get() + done, used_ - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error("write", "write archive");
    done += static_cast<size_t>(n);
  }
  used_ = 0;
  return {};
}

Status TarWriter::put(const void* data, size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    if (used_ == kBufferBytes)
      if (auto s = flush(); !s.ok()) return s;
    const size_t n = std::min(size, kBufferBytes - used_);
    memcpy(buffer_.get() + used_, bytes, n);
    used_ += n;
    bytes += n;
    size -= n;
  }
  return {};
}

Status TarWriter::pad(uint64_t size) {
  static const char zeros[kBlock] = {};
  return put(zeros, static_cast<size_t>((kBlock - size % kBlock) % kBlock));
}

Status TarWriter::add(const Entry& entry) {
  std::string name = entry.name;
  if (entry.type == '5' && !name.ends_with('/')) name += '/';
  std::string records, prefix, rest;
  if (!split_name(name, &prefix, &rest)) {
    record(&records, "path", name);
    rest = cut(name);
  }
  if ((entry.type == '1' || entry.type == '2') && !plain(entry.link, 100)) record(&records, "linkpath", entry.link);
  if (entry.size > kMaxOctal11) record(&records, "size", std::to_string(entry.size));
  if (entry.uid > kMaxOctal7) record(&records, "uid", std::to_string(entry.uid));
  if (entry.gid > kMaxOctal7) record(&records, "gid", std::to_string(entry.gid));
  if (entry.mtime.tv_nsec != 0 || entry.mtime.tv_sec < 0) record(&records, "mtime", seconds(entry.mtime));
  for (const auto& [key, value] : entry.xattrs) record(&records, "SCHILY.xattr." + key, value);
  char block[kBlock];
  if (!records.empty()) {
    Entry header;
    header.mode = 0644;
    std::string base = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
    base = base.substr(base.rfind('/') + 1);
    make_block(block, header, 'x', records.size(), "", cut("PaxHeaders.0/" + base));
    if (auto s = put(block, kBlock); !s.ok()) return s;
    if (auto s = put(records.data(), records.size()); !s.ok()) return s;
    if (auto s = pad(records.size()); !s.ok()) return s;
  }
  make_block(block, entry, entry.type, entry.size, prefix, rest);
  left_ = entry_size_ = entry.size;
  return put(block, kBlock);
}

Status TarWriter::content(const void* data, size_t size) {
  left_ -= size;
  if (auto s = put(data, size); !s.ok()) return s;
  return left_ == 0 ? pad(entry_size_) : Status();
}

Status TarWriter::copy(int file, uint64_t size) {
  uint64_t left = size;
  bool send = size >= kSendBytes;
  if (send)
    if (auto s = flush(); !s.ok()) return s;
  while (left > 0) {
    if (send) {
      const ssize_t n = sendfile(fd_, file, nullptr, static_cast<size_t>(std::min<uint64_t>(left, 1 << 30)));
      if (n > 0) left -= static_cast<uint64_t>(n);
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      if (n == 0) break;
      if (errno != EINVAL && errno != ENOSYS) return last_error("sendfile", "write archive");
      send = false;
    }
    if (used_ == kBufferBytes)
      if (auto s = flush(); !s.ok()) return s;
    const size_t room = static_cast<size_t>(std::min<uint64_t>(left, kBufferBytes - used_));
    const ssize_t n = ::read(file, buffer_.get() + used_, room);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error("read", "read file");
    if (n == 0) break;
    used_ += static_cast<size_t>(n);
    left -= static_cast<uint64_t>(n);
  }
  static const char zeros[4096] = {};
  while (left > 0) {
    const size_t n = static_cast<size_t>(std::min<uint64_t>(left, sizeof zeros));
    if (auto s = put(zeros, n); !s.ok()) return s;
    left -= n;
  }
  left_ = 0;
  return pad(size);
}

Status TarWriter::finish() {
  static const char zeros[2 * kBlock] = {};
  if (auto s = put(zeros, sizeof zeros); !s.ok()) return s;
  return flush();
}

}  // namespace tsd::layer
