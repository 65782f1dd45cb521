#include "shim/monitor.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace tsd::shim {

namespace {
constexpr uint64_t kSecond = 1000000000, kMillisecond = 1000000;
// A daemon that started us and does not say go within this time is gone.
constexpr uint64_t kStartPatience = 30 * kSecond;
}  // namespace

uint64_t Monitor::now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

Session* Monitor::find(uint16_t number) const {
  for (int i = 0; i < session_count_; i++) {
    if (sessions_[i]->number == number && !sessions_[i]->dead) return sessions_[i];
  }
  return nullptr;
}

int Monitor::run() {
  become_supervisor();
  if (!load_plan()) return 2;
  start_container();
  while (phase_ != Phase::kGone) {
    epoll_event events[32];
    const int count = epoll_wait(poller_.fd(), events, 32, next_timeout());
    for (int i = 0; i < count; i++) {
      auto* watch = static_cast<Watch*>(events[i].data.ptr);
      auto* session = static_cast<Session*>(watch->owner);
      // An earlier event of this batch may have closed it; the memory stays until the batch is done.
      if (watch->fd < 0) continue;
      switch (watch->kind) {
        case Watch::Kind::kListener:
          accept_clients();
          break;
        case Watch::Kind::kSignals:
          reap();
          break;
        case Watch::Kind::kOom:
          on_oom();
          break;
        case Watch::Kind::kClient:
          on_client(static_cast<Client*>(watch->owner), events[i].events);
          break;
        case Watch::Kind::kChannel:
          on_channel(session);
          break;
        case Watch::Kind::kInput:
          resume_input(session);
          break;
        case Watch::Kind::kOutput:
          if ((events[i].events & EPOLLOUT) != 0) resume_input(session);
          if ((events[i].events & ~uint32_t{EPOLLOUT}) != 0) on_output(session, watch->index);
          break;
      }
    }
    log_.flush();
    if (log_.take_rotated()) broadcast(FrameType::kLogRotated, 0, nullptr, 0);
    tick();
    collect_garbage();
  }
  unlinkat(directory_.get(), "sock", 0);
  return 0;
}

// Only what can happen without an event needs a time: everything else wakes the loop itself.
int Monitor::next_timeout() const {
  if (freeze_.deadline != 0) return 1;
  if (phase_ == Phase::kCleaning) return now() - phase_since_ < 20 * kMillisecond ? 1 : 20;
  if (phase_ != Phase::kRunning) return 100;
  for (int i = 0; i < session_count_; i++) {
    if (sessions_[i]->reaped || sessions_[i]->throttled) return 100;
  }
  return -1;
}

void Monitor::tick() {
  if (freeze_.deadline != 0) check_freeze();
  for (int i = 0; i < session_count_; i++) {
    Session* session = sessions_[i];
    if (session->dead) continue;
    if (session->throttled) drop_stuck_clients(session);
    if (session->reaped && !session->finished) check_finished(session);
  }
  const uint64_t waited = now() - phase_since_;
  switch (phase_) {
    case Phase::kStarting:
      if (!go_ && waited > kStartPatience) fail_start({true, plan_.size(), Error{ETIMEDOUT, "go", "", ""}});
      break;
    case Phase::kCleaning:
      check_cleanup();
      break;
    case Phase::kFailed:
      // Until the daemon has read why.
      if ((had_control_ && client_count_ == 0) || waited > kStartPatience) phase_ = Phase::kGone;
      break;
    case Phase::kLingering:
      linger();
      break;
    default:
      break;
  }
}

void Monitor::collect_garbage() {
  if (!garbage_) return;
  garbage_ = false;
  int kept = 0;
  for (int i = 0; i < client_count_; i++) {
    if (clients_[i]->dead) {
      delete clients_[i];
    } else {
      clients_[kept++] = clients_[i];
    }
  }
  client_count_ = kept;
  kept = 0;
  for (int i = 0; i < session_count_; i++) {
    if (sessions_[i]->dead) {
      delete sessions_[i];
    } else {
      sessions_[kept++] = sessions_[i];
    }
  }
  session_count_ = kept;
}

}  // namespace tsd::shim
