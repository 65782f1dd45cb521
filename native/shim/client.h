// One connection of the daemon (or of another one): whole frames in, a bounded queue of bytes out.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/fd.h"
#include "shim/frames.h"
#include "shim/poller.h"

namespace tsd::shim {

class Client {
 public:
  // More than this waiting, and the container's output is not read on.
  static constexpr size_t kQueueLimit = 1 << 20;

  explicit Client(int fd) : fd_(fd), watch{Watch::Kind::kClient, 0, this, fd} {}
  ~Client();

  enum class Read { kFrame, kNothing, kClosed };
  // Reads towards the next frame. After kFrame `header` and `payload` are valid until `consume`.
  Read read();
  void consume();
  const FrameHeader& header() const { return header_; }
  const char* payload() const { return payload_; }

  // Sends or queues. False: the connection is broken or the queue overflowed.
  bool send(FrameType type, uint8_t stream, uint16_t session, const void* payload, size_t length);
  // Sends from the queue as much as goes. False: broken.
  bool flush(uint64_t now);
  size_t queued() const { return queued_; }
  bool full() const { return queued_ >= kQueueLimit; }

 private:
  static constexpr size_t kCapacity = kQueueLimit + (128 << 10);

  void enqueue(const char* data, size_t length);

  UniqueFd fd_;
  FrameHeader header_{};
  size_t header_got_ = 0, payload_got_ = 0;
  char* payload_ = nullptr;
  char* queue_ = nullptr;  // a ring of kCapacity, mapped when first needed
  size_t queue_start_ = 0, queued_ = 0;

 public:
  Watch watch;
  bool dead = false;
  bool held = false;  // its frame waits for room in a stdin
  size_t held_offset = 0;
  bool control = false, attached = false;
  uint8_t streams = 0;
  uint16_t session = 0;
  uint64_t last_progress = 0;
};

}  // namespace tsd::shim
