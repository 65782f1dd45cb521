#include "core/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/text.h"

namespace tsd {

Status write_file(const char* path, const char* value) {
  UniqueFd file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file) return last_error("open", "", path);
  if (write(file.get(), value, strlen(value)) < 0) return last_error("write", "", path);
  return {};
}

ssize_t read_file(const char* path, char* buffer, size_t capacity) {
  UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return -1;
  size_t length = 0;
  while (length < capacity - 1) {
    const ssize_t got = read(file.get(), buffer + length, capacity - 1 - length);
    if (got < 0) return -1;
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  buffer[length] = '\0';
  return static_cast<ssize_t>(length);
}

Status replace_file(int directory, const char* name, const char* value, size_t length) {
  Text<128> temporary;
  temporary.add(name).add(".tmp");
  {
    UniqueFd file(openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return last_error("openat", "", name);
    if (write(file.get(), value, length) != static_cast<ssize_t>(length)) return last_error("write", "", name);
  }
  if (renameat(directory, temporary.c_str(), directory, name) < 0) return last_error("renameat", "", name);
  return {};
}

uint64_t parse_number(const char* text) {
  uint64_t value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + static_cast<uint64_t>(*text++ - '0');
  return value;
}

uint64_t process_start_time(pid_t pid) {
  Text<64> path;
  path.add("/proc/").number(static_cast<uint64_t>(pid)).add("/stat");
  char buffer[1024];
  if (read_file(path.c_str(), buffer, sizeof buffer) <= 0) return 0;
  // The command in parentheses may hold anything: count from the last one.
  const char* cursor = strrchr(buffer, ')');
  for (int field = 2; cursor != nullptr && field < 22; field++) cursor = strchr(cursor + 1, ' ');
  return cursor == nullptr ? 0 : parse_number(cursor + 1);
}

}  // namespace tsd
