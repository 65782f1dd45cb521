// One process of the container with its streams: the container's own (number 0) or an exec.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/fd.h"
#include "shim/contain.h"
#include "shim/launch.h"
#include "shim/poller.h"

namespace tsd::shim {

// What the daemon that started a process wants the next one to know. Owned, empty for most.
class Note {
 public:
  Note() = default;
  Note(Note&& other) noexcept : bytes_(other.bytes_), length_(other.length_) { other.bytes_ = nullptr; }
  Note& operator=(Note&& other) noexcept;
  ~Note();

  // A copy; stays empty when there is no memory for it.
  void set(const void* bytes, size_t length);
  const char* bytes() const { return bytes_; }
  size_t length() const { return bytes_ == nullptr ? 0 : length_; }

 private:
  char* bytes_ = nullptr;
  size_t length_ = 0;
};

struct Session {
  explicit Session(uint16_t session_number) : number(session_number) {
    for (uint8_t i = 0; i < 2; i++) output_watch[i] = {Watch::Kind::kOutput, i, this};
    input_watch = {Watch::Kind::kInput, 0, this};
    channel_watch = {Watch::Kind::kChannel, 0, this};
  }

  // Takes over what launch has opened.
  void adopt(Process&& started, uint16_t flags);

  bool is_terminal() const { return static_cast<bool>(process.terminal); }
  bool accepts_input() const { return has_stdin && (process.input || process.terminal) && !input_closed; }
  // Bytes taken; less than length when there is no room. Broken pipes take everything.
  size_t write_input(const char* data, size_t length);
  void close_input();
  bool outputs_open() const { return output_watch[0].fd >= 0 || output_watch[1].fd >= 0; }
  void close_output(uint8_t index);
  int resize(uint16_t rows, uint16_t columns);

  uint16_t number;
  Process process;
  bool has_stdin = false, stdin_once = false, input_closed = false, input_blocked = false;
  bool executing = false, started = false, failed = false;
  bool reaped = false, finished = false, throttled = false, dead = false;
  ChildMessage failure{};
  int exit_code = 0;
  timespec exit_time{};
  uint64_t oom_kills_before = 0;
  uint64_t last_output = 0;  // monotonic, of the last byte or of the exit
  uint32_t request = 0;      // of the exec
  Note note;
  Watch output_watch[2], input_watch, channel_watch;
};

}  // namespace tsd::shim
