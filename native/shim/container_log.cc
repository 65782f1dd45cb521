#include "shim/container_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "shim/local_record.h"

namespace tsd::shim {
namespace {

// Length of the well-formed UTF-8 sequence at `data`, 0 when it is none (overlong, surrogate, cut or beyond U+10FFFF).
size_t utf8_length(const unsigned char* data, size_t available) {
  const unsigned char first = data[0];
  size_t length = 0;
  unsigned char low = 0x80, high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  if (length == 0 || length > available || data[1] < low || data[1] > high) return 0;
  for (size_t i = 2; i < length; i++) {
    if (data[i] < 0x80 || data[i] > 0xbf) return 0;
  }
  return length;
}

Text<PATH_MAX> directory_of(const char* path) {
  Text<PATH_MAX> directory;
  directory.add(path);
  directory.shorten(static_cast<size_t>(strrchr(path, '/') - path));
  return directory;
}

// `path`, `path.2` or, of a file that the daemon has compressed, `path.2.gz`.
Text<PATH_MAX> rotated_name(const char* path, uint32_t number, bool compressed) {
  Text<PATH_MAX> name;
  name.add(path);
  if (number > 0) name.add(".").number(number);
  if (number > 0 && compressed) name.add(".gz");
  return name;
}

bool plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

}  // namespace

size_t format_time(const timespec& time, char* out) {
  // Days to civil date: 400-year eras that begin in March, so that the leap day is the last one.
  const int64_t days = time.tv_sec / 86400;
  const int64_t second = time.tv_sec % 86400;
  const int64_t shifted = days + 719468;
  const int64_t era = shifted / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_index = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_index + 2) / 5 + 1;
  const int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  Text<40> text;
  auto u = [](int64_t value) { return static_cast<uint64_t>(value); };
  text.number(u(year), 4).add("-").number(u(month), 2).add("-").number(u(day), 2).add("T");
  text.number(u(second / 3600), 2).add(":").number(u(second / 60 % 60), 2).add(":").number(u(second % 60), 2);
  if (time.tv_nsec != 0) {
    text.add(".").number(static_cast<uint64_t>(time.tv_nsec), 9);
    size_t length = text.size();
    while (text.c_str()[length - 1] == '0') length--;
    text.shorten(length);
  }
  text.add("Z");
  memcpy(out, text.c_str(), text.size() + 1);
  return text.size();
}

Status ContainerLog::open(LogFormat format, const char* path, const char* attributes, uint64_t max_bytes,
                          uint32_t files) {
  format_ = format;
  path_ = path;
  attributes_ = attributes;
  attributes_length_ = strlen(attributes);
  max_bytes_ = max_bytes;
  files_ = files;
  if (format_ == LogFormat::kJsonFile) return reopen();
  const Text<PATH_MAX> directory = directory_of(path);
  if (mkdir(directory.c_str(), 0700) < 0 && errno != EEXIST) return last_error("mkdir", "log", directory.c_str());
  return open_file();
}

Status ContainerLog::open_file() {
  Status opened = reopen();
  if (opened.ok() && format_ == LogFormat::kLocal && !ends_whole()) rotate();
  return opened;
}

Status ContainerLog::reopen() {
  if (ring_.is_open()) {
    ring_.request_reopen();
    wake_writer();
    return {};
  }
  flush();
  UniqueFd file(::open(path_, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file) return last_error("open", "log", path_);
  struct stat status {};
  if (fstat(file.get(), &status) < 0) return last_error("fstat", "log", path_);
  size_ = static_cast<uint64_t>(status.st_size);
  file_ = std::move(file);
  return {};
}

bool ContainerLog::ends_whole() const {
  if (size_ == 0) return true;
  auto length_at = [this](uint64_t offset, uint32_t* length) {
    if (pread(file_.get(), length, 4, static_cast<off_t>(offset)) != 4) return false;
    *length = __builtin_bswap32(*length);
    return true;
  };
  uint32_t head = 0, tail = 0;
  return size_ >= 8 && length_at(size_ - 4, &tail) && size_ >= 8ull + tail && length_at(size_ - 8 - tail, &head) &&
         head == tail;
}

void ContainerLog::add(int stream, const char* data, size_t length) {
  Line& line = lines_[stream - 1];
  while (length > 0) {
    const size_t room = kMaxLine - line.length;
    const size_t chunk = length < room ? length : room;
    const auto* newline = static_cast<const char*>(memchr(data, '\n', chunk));
    const size_t taken = newline == nullptr ? chunk : static_cast<size_t>(newline - data);
    memcpy(line.data + line.length, data, taken);
    line.length += taken;
    if (newline != nullptr) {
      entry(stream, line, true);
    } else if (line.length == kMaxLine) {
      entry(stream, line, false);
    }
    const size_t consumed = taken + (newline == nullptr ? 0 : 1);
    data += consumed;
    length -= consumed;
  }
}

void ContainerLog::end(int stream) {
  Line& line = lines_[stream - 1];
  if (line.length > 0) entry(stream, line, false);
  line.continues = false;
}

void ContainerLog::entry(int stream, Line& line, bool complete) {
  if (!line.continues) clock_gettime(CLOCK_REALTIME, &line.started);
  if (ring_.is_open()) {
    push(stream, line, complete);
  } else {
    write_entry(stream, line, complete);
  }
  line.length = 0;
  line.continues = !complete;
}

void ContainerLog::write_entry(int stream, Line& line, bool complete) {
  if (max_bytes_ > 0 && size_ + used_ >= max_bytes_) rotate();
  if (format_ == LogFormat::kJsonFile) {
    json_record(stream, line, complete);
  } else {
    local_record(stream, line, complete);
  }
}

void ContainerLog::json_record(int stream, const Line& line, bool complete) {
  put("{\"log\":\"", 8);
  escaped(line.data, line.length);
  if (complete) put("\\n", 2);
  put(stream == 1 ? "\",\"stream\":\"stdout\"" : "\",\"stream\":\"stderr\"", 19);
  if (attributes_length_ > 0) {
    put(",\"attrs\":", 9);
    put(attributes_, attributes_length_);
  }
  put(",\"time\":\"", 9);
  char time[40];
  put(time, format_time(line.started, time));
  put("\"}\n", 3);
}

void ContainerLog::local_record(int stream, Line& line, bool complete) {
  const bool partial = line.continues || !complete;
  if (!line.continues) line.ordinal = 0;
  if (partial && line.ordinal++ == 0) {
    unsigned char random[kIdLength / 2] = {};
    // It only tells the lines of one log apart: before the pool is ready, zeros will do.
    [[maybe_unused]] const ssize_t got = getrandom(random, sizeof random, GRND_NONBLOCK);
    for (size_t i = 0; i < kIdLength; i++) line.id[i] = "0123456789abcdef"[random[i / 2] >> (i % 2 * 4) & 15];
  }
  const LocalRecord record{stream, line.started, line.length, partial, complete, line.id, line.ordinal};
  char head[kLocalHeadMax], tail[kLocalTailMax];
  const size_t head_length = local_head(record, head), tail_length = local_tail(record, tail);
  // Only whole records are flushed, so that what a full disk cuts off can be taken back.
  if (used_ + head_length + line.length + tail_length > kBuffer) flush();
  put(head, head_length);
  put(line.data, line.length);
  put(tail, tail_length);
}

void ContainerLog::escaped(const char* data, size_t length) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(data);
  static const char kHex[] = "0123456789abcdef";
  size_t start = 0, i = 0;
  auto replace = [&](const char* with, size_t with_length, size_t consumed) {
    put(data + start, i - start);
    put(with, with_length);
    i += consumed;
    start = i;
  };
  while (i < length) {
    const unsigned char c = bytes[i];
    if (plain(c)) {
      i++;
    } else if (c < 0x80) {
      const char code[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      if (c == '"') {
        replace("\\\"", 2, 1);
      } else if (c == '\\') {
        replace("\\\\", 2, 1);
      } else if (c == '\n') {
        replace("\\n", 2, 1);
      } else if (c == '\r') {
        replace("\\r", 2, 1);
      } else {
        replace(code, 6, 1);
      }
    } else if (const size_t sequence = utf8_length(bytes + i, length - i); sequence == 0) {
      replace("\\ufffd", 6, 1);
    } else if (c == 0xe2 && bytes[i + 1] == 0x80 && (bytes[i + 2] | 1) == 0xa9) {
      // JavaScript's line separators.
      replace(bytes[i + 2] == 0xa8 ? "\\u2028" : "\\u2029", 6, 3);
    } else {
      i += sequence;
    }
  }
  put(data + start, length - start);
}

void ContainerLog::put(const char* data, size_t length) {
  while (length > 0) {
    if (used_ == kBuffer) flush();
    const size_t room = kBuffer - used_;
    const size_t chunk = length < room ? length : room;
    memcpy(buffer_ + used_, data, chunk);
    used_ += chunk;
    data += chunk;
    length -= chunk;
  }
}

void ContainerLog::flush() {
  size_t done = 0;
  while (done < used_ && file_) {
    const ssize_t written = write(file_.get(), buffer_ + done, used_ - done);
    if (written < 0 && errno == EINTR) continue;
    // A full disk must not stop the container: what does not fit is lost.
    if (written <= 0) break;
    done += static_cast<size_t>(written);
  }
  // Records of the local format are found by their lengths: half a one would hide all that follow.
  if (format_ == LogFormat::kLocal && done < used_ && file_ && ftruncate(file_.get(), static_cast<off_t>(size_)) == 0) {
    done = 0;
  }
  size_ += done;
  used_ = 0;
}

void ContainerLog::rotate() {
  flush();
  if (files_ < 2) {
    if (file_ && ftruncate(file_.get(), 0) == 0) size_ = 0;
    return;
  }
  if (!shift_rotated()) return;
  // Kept open on failure: better too long a file than a lost line.
  rotated_ = reopen().ok();
}

// False: the daemon is just putting a compressed file in the place of one of them, by its number. The next record
// tries again, for a daemon that stands still must not stop the container.
bool ContainerLog::shift_rotated() {
  const UniqueFd lock(::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock && flock(lock.get(), LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) return false;
  unlink(rotated_name(path_, files_ - 1, true).c_str());
  for (uint32_t i = files_ - 1; i > 0; i--) {
    rename(rotated_name(path_, i - 1, false).c_str(), rotated_name(path_, i, false).c_str());
    if (i > 1) rename(rotated_name(path_, i - 1, true).c_str(), rotated_name(path_, i, true).c_str());
  }
  return true;
}

bool ContainerLog::take_rotated() {
  if (ring_.is_open()) {
    const uint32_t rotations = ring_.rotations();
    return std::exchange(seen_rotations_, rotations) != rotations;
  }
  return std::exchange(rotated_, false);
}

}  // namespace tsd::shim
