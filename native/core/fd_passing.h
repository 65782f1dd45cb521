// Descriptors over unix sockets (SCM_RIGHTS), and the sockets themselves.
#pragma once
#include <cstddef>
#include <string_view>

#include "core/error.h"
#include "core/fd.h"

namespace tsd {

// More than the kernel lets one message carry (SCM_MAX_FD).
constexpr size_t kMaxPassedFds = 253;

// One message; data must not be empty. EAGAIN when the socket's buffer is full.
Status send_fds(int socket, const void* data, size_t bytes, const int* fds, size_t count);

struct Received {
  size_t bytes = 0;
  size_t fd_count = 0;
};

// One message. Descriptors arrive O_CLOEXEC; `fds` has room for kMaxPassedFds. bytes = 0: the other side closed.
Result<Received> receive_fds(int socket, void* data, size_t capacity, int* fds);

// A listening stream socket at `path`, which may be longer than an address can hold. Not inherited, non-blocking.
Result<UniqueFd> listen_unix(const char* directory, const char* name);

// A socket connected to the one at `path`; `type` is of socket(2). Not inherited.
Result<UniqueFd> connect_unix(std::string_view path, int type);

}  // namespace tsd
