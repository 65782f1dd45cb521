// epoll over objects of several kinds.
#pragma once
#include <stdint.h>
#include <sys/epoll.h>

#include "core/fd.h"

namespace tsd::shim {

struct Watch {
  enum class Kind : uint8_t { kListener, kSignals, kOom, kClient, kChannel, kInput, kOutput };
  Kind kind;
  uint8_t index = 0;  // of an output
  void* owner = nullptr;
  int fd = -1;
  uint32_t interest = 0;
  bool added = false;
};

class Poller {
 public:
  Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  int fd() const { return epoll_.get(); }

  // interest 0 takes the descriptor out: a hang-up would be reported for ever otherwise.
  void set(Watch& watch, uint32_t interest) {
    if (watch.fd < 0 || watch.interest == interest) return;
    epoll_event event{};
    event.events = interest;
    event.data.ptr = &watch;
    const int operation = interest == 0 ? EPOLL_CTL_DEL : watch.added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    epoll_ctl(epoll_.get(), operation, watch.fd, &event);
    watch.added = interest != 0;
    watch.interest = interest;
  }

 private:
  UniqueFd epoll_;
};

}  // namespace tsd::shim
