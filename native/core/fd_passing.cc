#include "core/fd_passing.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace tsd {

Status send_fds(int socket, const void* data, size_t bytes, const int* fds, size_t count) {
  if (count > kMaxPassedFds) return Error{EINVAL, "sendmsg", "send descriptors", ""};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPassedFds)] = {};
  iovec vector{const_cast<void*>(data), bytes};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return last_error("sendmsg", "send descriptors");
  return {};
}

Result<Received> receive_fds(int socket, void* data, size_t capacity, int* fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPassedFds)];
  iovec vector{data, capacity};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0) return last_error("recvmsg", "receive descriptors");
  Received received{static_cast<size_t>(got), 0};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds + received.fd_count, CMSG_DATA(header), count * sizeof(int));
    received.fd_count += count;
  }
  return received;
}

Result<UniqueFd> listen_unix(const char* directory, const char* name) {
  UniqueFd parent(open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return last_error("open", "listen", directory);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return last_error("socket", "listen", directory);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", parent.get(), name);
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
    return last_error("bind", "listen", directory);
  if (::listen(socket.get(), 128) < 0) return last_error("listen", "listen", directory);
  return Result<UniqueFd>(std::move(socket));
}

Result<UniqueFd> connect_unix(std::string_view path, int type) {
  sockaddr_un address{AF_UNIX, {}};
  if (path.size() >= sizeof address.sun_path) return Error{ENAMETOOLONG, "connect", "", ""};
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return last_error("socket");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    return last_error("connect");
  return Result<UniqueFd>(std::move(socket));
}

}  // namespace tsd
