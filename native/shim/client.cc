#include "shim/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace tsd::shim {

Client::~Client() {
  free(payload_);
  if (queue_ != nullptr) munmap(queue_, kCapacity);
}

Client::Read Client::read() {
  for (;;) {
    const bool in_header = header_got_ < sizeof header_;
    char* target = in_header ? reinterpret_cast<char*>(&header_) + header_got_ : payload_ + payload_got_;
    const size_t wanted = in_header ? sizeof header_ - header_got_ : header_.length - payload_got_;
    if (wanted > 0) {
      const ssize_t got = recv(fd_.get(), target, wanted, MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return Read::kNothing;
      if (got <= 0) return Read::kClosed;
      (in_header ? header_got_ : payload_got_) += static_cast<size_t>(got);
    }
    if (header_got_ < sizeof header_) continue;
    if (payload_ == nullptr) {
      if (header_.length > kMaxFrame) return Read::kClosed;
      payload_ = static_cast<char*>(malloc(header_.length + 1));
      if (payload_ == nullptr) return Read::kClosed;
    }
    if (payload_got_ == header_.length) return Read::kFrame;
  }
}

void Client::consume() {
  free(payload_);
  payload_ = nullptr;
  header_got_ = payload_got_ = held_offset = 0;
  held = false;
}

void Client::enqueue(const char* data, size_t length) {
  size_t end = (queue_start_ + queued_) % kCapacity;
  queued_ += length;
  while (length > 0) {
    const size_t room = kCapacity - end;
    const size_t chunk = length < room ? length : room;
    memcpy(queue_ + end, data, chunk);
    data += chunk;
    length -= chunk;
    end = 0;
  }
}

bool Client::send(FrameType type, uint8_t stream, uint16_t session, const void* payload, size_t length) {
  if (dead) return false;
  const FrameHeader header{static_cast<uint32_t>(length), type, stream, session};
  size_t sent = 0;
  if (queued_ == 0) {
    iovec vectors[2] = {{const_cast<FrameHeader*>(&header), sizeof header}, {const_cast<void*>(payload), length}};
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = 2;
    const ssize_t result = sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (result > 0) sent = static_cast<size_t>(result);
  }
  const size_t total = sizeof header + length;
  if (sent == total) return true;
  if (queued_ + total - sent > kCapacity) return false;
  if (queue_ == nullptr) {
    void* mapped = mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return false;
    queue_ = static_cast<char*>(mapped);
  }
  if (sent < sizeof header) {
    enqueue(reinterpret_cast<const char*>(&header) + sent, sizeof header - sent);
    sent = sizeof header;
  }
  enqueue(static_cast<const char*>(payload) + (sent - sizeof header), total - sent);
  return true;
}

bool Client::flush(uint64_t now) {
  while (queued_ > 0) {
    const size_t room = kCapacity - queue_start_;
    const size_t chunk = queued_ < room ? queued_ : room;
    const ssize_t sent = ::send(fd_.get(), queue_ + queue_start_, chunk, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    queue_start_ = (queue_start_ + static_cast<size_t>(sent)) % kCapacity;
    queued_ -= static_cast<size_t>(sent);
    last_progress = now;
  }
  // Its pages go back: most of the time nothing waits.
  if (queue_ != nullptr) {
    munmap(queue_, kCapacity);
    queue_ = nullptr;
    queue_start_ = 0;
  }
  return true;
}

}  // namespace tsd::shim
