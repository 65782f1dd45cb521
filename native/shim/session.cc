#include "shim/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tsd::shim {

Note& Note::operator=(Note&& other) noexcept {
  if (this == &other) return *this;
  free(bytes_);
  bytes_ = other.bytes_;
  length_ = other.length_;
  other.bytes_ = nullptr;
  return *this;
}

Note::~Note() { free(bytes_); }

void Note::set(const void* bytes, size_t length) {
  free(bytes_);
  bytes_ = static_cast<char*>(malloc(length));
  length_ = length;
  if (bytes_ != nullptr) memcpy(bytes_, bytes, length);
}

void Session::adopt(Process&& started_process, uint16_t flags) {
  process = std::move(started_process);
  has_stdin = (flags & kStdin) != 0;
  stdin_once = (flags & kStdinOnce) != 0;
  channel_watch.fd = process.channel.get();
  if (process.terminal) {
    output_watch[0].fd = process.terminal.get();
  } else {
    input_watch.fd = process.input.get();
    for (int i = 0; i < 2; i++) output_watch[i].fd = process.output[i].get();
  }
}

size_t Session::write_input(const char* data, size_t length) {
  const int fd = process.terminal ? process.terminal.get() : process.input.get();
  size_t done = 0;
  while (done < length) {
    const ssize_t written = write(fd, data + done, length - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return done;
    if (written <= 0) return length;
    done += static_cast<size_t>(written);
  }
  return done;
}

void Session::close_input() {
  // A terminal has no end of input to give; the client types its own.
  if (is_terminal()) return;
  input_closed = true;
  input_watch.fd = -1;
  input_watch.interest = 0;
  process.input.reset();
}

void Session::close_output(uint8_t index) {
  output_watch[index].fd = -1;
  output_watch[index].interest = 0;
  if (!process.terminal) process.output[index].reset();
}

int Session::resize(uint16_t rows, uint16_t columns) {
  if (!process.terminal) return ENOTTY;
  const winsize size{rows, columns, 0, 0};
  return ioctl(process.terminal.get(), TIOCSWINSZ, &size) < 0 ? errno : 0;
}

}  // namespace tsd::shim
