// The part of a container's log that never makes the container wait: a process beside the shim writes what the ring
// holds. It outlives a shim that is killed for as long as there is something to write.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/container_log.h"

namespace tsd::shim {
namespace {

// A log that takes nothing must not keep the end of its container from being known.
constexpr int kFinishPatience = 10000;
constexpr int kWake = 3;

}  // namespace

Status ContainerLog::open_without_waiting(uint64_t max_buffer_bytes) {
  Status made = ring_.create(max_buffer_bytes, kMaxLine);
  if (!made.ok()) return made;
  file_.reset();
  return start_writer();
}

Status ContainerLog::start_writer() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return last_error("socketpair", "log writer");
  UniqueFd own(pair[0]), other(pair[1]);
  const pid_t pid = fork();
  if (pid < 0) return last_error("fork", "log writer");
  if (pid == 0) {
    own.reset();
    run_writer(other.release());
  }
  wake_ = std::move(own);
  writer_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  return {};
}

void ContainerLog::run_writer(int wake) {
  // Nothing else of the shim may stay open here: others wait for the ends of its pipes and sockets.
  if (wake != kWake) dup2(wake, kWake);
  syscall(SYS_close_range, kWake + 1, ~0U, 0);
  LogRing ring = ring_;
  ring_.leave();
  [[maybe_unused]] const Status opened = open_file();
  for (bool more = true;;) {
    LogRing::Entry entry;
    while (ring.front(&entry)) {
      Line& line = lines_[entry.stream - 1];
      ring.take(entry, line.data);
      line.length = entry.length;
      line.started = entry.started;
      line.continues = entry.continues != 0;
      write_entry(entry.stream, line, entry.complete != 0);
    }
    flush();
    if (take_rotated()) ring.add_rotation();
    if (!more) _exit(0);
    if (ring.take_reopen()) [[maybe_unused]]
      const Status moved = reopen();
    char ignored[256];
    const ssize_t got = recv(kWake, ignored, sizeof ignored, 0);
    // The shim has closed its end, or has gone: what it put in before is still written.
    more = got > 0 || (got < 0 && errno == EINTR);
  }
}

void ContainerLog::push(int stream, const Line& line, bool complete) {
  const LogRing::Entry entry{line.started, static_cast<uint32_t>(line.length), static_cast<uint8_t>(stream), complete,
                             line.continues};
  bool was_empty = false;
  if (ring_.push(entry, line.data, &was_empty) && !was_empty) return;
  wake_writer();
}

void ContainerLog::wake_writer() {
  if (send(wake_.get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0 || errno == EAGAIN) return;
  // It was killed; another one goes on with what is left in the ring.
  if (errno == EPIPE || errno == ECONNRESET) [[maybe_unused]]
    const Status started = start_writer();
}

void ContainerLog::finish() {
  flush();
  if (!ring_.is_open()) return;
  wake_.reset();
  pollfd writer{writer_.get(), POLLIN, 0};
  while (poll(&writer, 1, kFinishPatience) < 0 && errno == EINTR) {
  }
}

}  // namespace tsd::shim
