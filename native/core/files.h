// Small files read and written whole.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

namespace tsd {

// Writes into an existing file (a kernel's control file) in one write.
Status write_file(const char* path, const char* value);

// At most capacity - 1 bytes, zero-terminated. Returns the length, or -1 with errno.
ssize_t read_file(const char* path, char* buffer, size_t capacity);

// Writes a new file next to `name` and renames it into place: a reader sees the whole of it or none.
Status replace_file(int directory, const char* name, const char* value, size_t length);

uint64_t parse_number(const char* text);

// Field 22 of /proc/<pid>/stat: with the boot id it names a process for good. 0 when there is no such process.
uint64_t process_start_time(pid_t pid);

}  // namespace tsd
