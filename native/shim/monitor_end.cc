#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cgroups.h"
#include "core/files.h"
#include "core/text.h"
#include "shim/monitor.h"

namespace tsd::shim {
namespace {

constexpr uint64_t kSecond = 1000000000;
// Others may hold the output open after the process has ended; that long it is still listened to.
constexpr uint64_t kDrainPatience = kSecond;
constexpr uint64_t kCleanupPatience = 10 * kSecond;

uint64_t nanoseconds(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

void Monitor::reap() {
  signalfd_siginfo ignored[8];
  while (read(signals_.get(), ignored, sizeof ignored) > 0) {
  }
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) < 0 || info.si_pid == 0) return;
    for (int i = 0; i < session_count_; i++) {
      Session* session = sessions_[i];
      if (session->process.pid != info.si_pid || session->reaped) continue;
      session->reaped = true;
      session->exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
      clock_gettime(CLOCK_REALTIME, &session->exit_time);
      session->last_output = now();
      // Its last message may not have been read yet.
      if (session->channel_watch.fd >= 0) on_channel(session);
      if (session->started && !session->dead) check_finished(session);
      if (session->failed && session->number != 0 && !session->dead) finish_exec(session);
      break;
    }
  }
}

void Monitor::on_oom() {
  char ignored[4096];
  while (read(oom_.get(), ignored, sizeof ignored) > 0) {
  }
  const uint64_t count = oom_kill_count(memory_directory_, memory_version_);
  if (count > oom_kills_) broadcast(FrameType::kOom, 0, nullptr, 0);
  // Version 1 also wakes us when the group goes, and reads as 0 then.
  if (count > oom_kills_) oom_kills_ = count;
}

void Monitor::check_finished(Session* session) {
  if (session->finished || !session->started) return;
  if (session->outputs_open()) {
    // While a client makes us wait there is more to come.
    if (session->throttled || now() - session->last_output < kDrainPatience) return;
    for (uint8_t i = 0; i < 2; i++) {
      if (session->output_watch[i].fd < 0) continue;
      poller_.set(session->output_watch[i], 0);
      if (session->number == 0 && log_.is_open()) log_.end(i + 1);
      session->close_output(i);
    }
  }
  session->finished = true;
  if (session->number == 0) return finish_container(session);
  finish_exec(session);
}

void Monitor::finish_exec(Session* session) {
  if (session->started) {
    if (memory_directory_ != nullptr) on_oom();
    const ExitPayload payload{session->exit_code, oom_kills_ > session->oom_kills_before,
                              nanoseconds(session->exit_time)};
    broadcast(FrameType::kExecExit, session->number, &payload, sizeof payload);
    end_streams(session->number);
    keep_end(session, payload);
  } else {
    note_bytes_ -= session->note.length();
  }
  poller_.set(session->input_watch, 0);
  for (Watch& watch : session->output_watch) poller_.set(watch, 0);
  session->output_watch[0].fd = session->output_watch[1].fd = session->input_watch.fd = -1;
  session->dead = garbage_ = true;
}

// With a daemon listening there is nobody left to tell.
void Monitor::keep_end(Session* session, const ExitPayload& exit) {
  const size_t length = session->note.length();
  bool is_heard = false;
  for (int i = 0; i < client_count_; i++) is_heard |= clients_[i]->control && !clients_[i]->dead;
  if (length > 0 && !is_heard && ended_count_ < kMaxEnded) {
    ended_[ended_count_++] = new EndedExec{session->number, exit, std::move(session->note)};
  } else {
    note_bytes_ -= length;
  }
}

void Monitor::finish_container(Session* session) {
  if (memory_directory_ != nullptr) on_oom();
  log_.finish();
  exit_ = {session->exit_code, oom_kills_ > 0, nanoseconds(session->exit_time)};
  Text<128> text;
  text.add("code ")
      .number(static_cast<uint64_t>(exit_.code))
      .add("\noom ")
      .number(exit_.oom)
      .add("\ntime ")
      .number(exit_.time)
      .add("\n");
  // Before anybody hears of it: a daemon that dies now must find it.
  [[maybe_unused]] const Status written = replace_file(directory_.get(), "exit", text.c_str(), text.size());
  phase_ = Phase::kCleaning;
  phase_since_ = now();
  // The next container may want the same ports at once.
  release_held();
  end_streams(0);
  for (int i = 0; i < client_count_; i++) {
    if (clients_[i]->control) send_exit(clients_[i]);
  }
  mount_namespace_.reset();
  container_.devpts.reset();
  container_.init.reset();
  for (int i = 0; i < container_.task_file_count; i++) close(container_.task_files[i]);
  container_.task_file_count = 0;
  poller_.set(oom_watch_, 0);
  oom_watch_.fd = -1;
  oom_.reset();
  check_cleanup();
}

void Monitor::send_exit(Client* client) {
  const ExitPayload payload{exit_.code, exit_.oom, exit_.time};
  send(client, FrameType::kExit, 0, 0, &payload, sizeof payload);
}

// Until no process and no group is left.
void Monitor::check_cleanup() {
  const bool patient = now() - phase_since_ < kCleanupPatience;
  if (frozen_ && freezer_directory_ != nullptr) {
    // A frozen process of version 1 cannot even die.
    [[maybe_unused]] const Status thawed = set_frozen(freezer_directory_, freezer_version_, false);
    frozen_ = false;
  }
  if (!remove_cgroups(plan_) && patient) return;
  for (int i = 1; i < session_count_; i++) {
    if (!sessions_[i]->dead && patient) return;
  }
  broadcast(FrameType::kGone, 0, nullptr, 0);
  phase_ = Phase::kLingering;
  phase_since_ = now();
  linger();
}

// Clients hang up when they have read their last frame. To close first could cost them what they have not read yet: a
// write of theirs would fail, and that ends a connection on their side.
void Monitor::linger() {
  for (int i = 0; i < client_count_; i++) {
    const Client* client = clients_[i];
    const uint64_t since = client->last_progress > phase_since_ ? client->last_progress : phase_since_;
    if (!client->dead && now() - since < kCleanupPatience) return;
  }
  phase_ = Phase::kGone;
}

}  // namespace tsd::shim
