#include "core/netlink.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace tsd::netlink {

namespace {

constexpr int receive_buffer_bytes = 1 << 20;
constexpr int receive_timeout_seconds = 10;
constexpr size_t read_chunk = 64 * 1024;

struct Expectation {
  uint32_t first_seq = 0;
  uint32_t last_seq = 0;
  bool first_is_silent = false;
  bool any_reply = false;
};

bool asks_for_reply(const nlmsghdr& header) {
  return (header.nlmsg_flags & NLM_F_ACK) || (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

// Walks the request; false when its lengths do not fit or nothing in it will be answered.
bool read_expectation(const uint8_t* request, size_t size, Expectation* out) {
  size_t offset = 0;
  while (offset < size) {
    nlmsghdr header;
    if (size - offset < sizeof header) return false;
    memcpy(&header, request + offset, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - offset) return false;
    if (offset == 0) {
      out->first_seq = header.nlmsg_seq;
      out->first_is_silent = !asks_for_reply(header);
    }
    if (asks_for_reply(header)) {
      out->last_seq = header.nlmsg_seq;
      out->any_reply = true;
    }
    offset += NLMSG_ALIGN(header.nlmsg_len);
  }
  return out->any_reply;
}

// True when a message of this datagram ends the transaction.
bool ends(const uint8_t* data, size_t size, const Expectation& expect) {
  size_t offset = 0;
  while (size - offset >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    memcpy(&header, data + offset, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - offset) return false;
    bool terminal = header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE;
    if (terminal && header.nlmsg_seq == expect.last_seq) return true;
    if (terminal && expect.first_is_silent && header.nlmsg_seq == expect.first_seq) return true;
    size_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step >= size - offset) return false;
    offset += step;
  }
  return false;
}

// Drops what an earlier, abandoned transaction may have left.
void drain(int fd) {
  uint8_t scratch[4096];
  while (recv(fd, scratch, sizeof scratch, MSG_DONTWAIT | MSG_TRUNC) >= 0) {
  }
}

Status send_all(int fd, const uint8_t* request, size_t size) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent;
  do {
    sent = sendto(fd, request, size, 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return last_error("sendto", "netlink");
  return {};
}

}  // namespace

Result<UniqueFd> open_socket(int family) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family));
  if (!fd) return last_error("socket", "netlink");
  int on = 1;
  int size = receive_buffer_bytes;
  timeval timeout{receive_timeout_seconds, 0};
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0)
    return last_error("setsockopt", "netlink");
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self) < 0) return last_error("bind", "netlink");
  return fd;
}

Result<std::vector<uint8_t>> transact(int fd, const uint8_t* request, size_t size) {
  Expectation expect;
  if (!read_expectation(request, size, &expect)) return Error{EINVAL, "", "netlink request"};
  drain(fd);
  Status sent = send_all(fd, request, size);
  if (!sent.ok()) return sent.error();
  std::vector<uint8_t> replies;
  for (;;) {
    size_t start = replies.size();
    replies.resize(start + read_chunk);
    ssize_t got = recv(fd, replies.data() + start, read_chunk, MSG_TRUNC);
    if (got < 0 && errno == EINTR) {
      replies.resize(start);
      continue;
    }
    if (got < 0 && errno == EAGAIN) return Error{ETIMEDOUT, "recv", "netlink"};
    if (got < 0) return last_error("recv", "netlink");
    if (static_cast<size_t>(got) > read_chunk) return Error{EMSGSIZE, "recv", "netlink"};
    replies.resize(start + NLMSG_ALIGN(static_cast<size_t>(got)));
    if (ends(replies.data() + start, static_cast<size_t>(got), expect)) return replies;
  }
}

}  // namespace tsd::netlink
