// Starts a helper executable from a many-threaded process without copying its memory (vfork semantics, 0.5 ms).
#pragma once
#include <sys/types.h>

#include <cstddef>

#include "core/error.h"
#include "core/fd.h"

namespace tsd {

struct SpawnRequest {
  int executable = -1;  // descriptor of the file to execute
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  // Descriptor i of the helper is fds[i]; the first three are its standard streams. Everything else is closed.
  const int* fds = nullptr;
  size_t fd_count = 0;
};

struct SpawnedProcess {
  pid_t pid = -1;
  UniqueFd pidfd;
};

// Returns once the helper's execve has succeeded. The caller reaps it (waitid on the pidfd).
Result<SpawnedProcess> spawn(const SpawnRequest& request);

// A sealed copy of an executable in memory: what runs it cannot change the file through /proc/<pid>/exe. Where memory
// files may not be executed (vm.memfd_noexec), the file itself.
Result<UniqueFd> open_executable(const char* path);

}  // namespace tsd
