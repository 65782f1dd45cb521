#include "layer/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

namespace tsd::layer {

void split_path(const std::string& path, std::string* directory, std::string* base) {
  const size_t slash = path.rfind('/');
  *directory = slash == std::string::npos ? "" : path.substr(0, slash);
  *base = slash == std::string::npos ? path : path.substr(slash + 1);
}

int read_names(int directory, std::vector<std::string>* out) {
  // A descriptor of its own: closing the stream must not close the caller's.
  const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  DIR* stream = fdopendir(fd);
  if (!stream) {
    const int error = errno;
    ::close(fd);
    return error;
  }
  errno = 0;
  while (const dirent* entry = readdir(stream)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) out->emplace_back(entry->d_name);
    errno = 0;
  }
  const int error = errno;
  closedir(stream);
  return error;
}

}  // namespace tsd::layer
