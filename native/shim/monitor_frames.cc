#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cgroups.h"
#include "core/text.h"
#include "shim/monitor.h"

namespace tsd::shim {
namespace {

constexpr uint64_t kFreezePatience = 5000000000;

uint32_t number_at(const char* payload, uint32_t length, uint32_t offset) {
  uint32_t value = 0;
  if (length >= offset + 4) memcpy(&value, payload + offset, 4);
  return value;
}

}  // namespace

// False: the frame waits until there is room in the process' stdin.
bool Monitor::handle(Client* client) {
  const FrameHeader& header = client->header();
  const char* payload = client->payload();
  const uint32_t request = number_at(payload, header.length, 0);
  Session* session = find(header.session);
  switch (header.type) {
    case FrameType::kHello:
      client->control = had_control_ = true;
      send_notes(client);
      welcome(client);
      return true;
    case FrameType::kAttach:
      client->attached = true;
      client->session = header.session;
      client->streams = header.stream;
      if (header.session == 0 && phase_ != Phase::kStarting && phase_ != Phase::kRunning) end_streams(0);
      return true;
    case FrameType::kStdin:
      return handle_input(client);
    case FrameType::kCloseStdin:
      if (session != nullptr && (session->number != 0 || session->stdin_once)) {
        poller_.set(session->input_watch, 0);
        session->close_input();
      }
      return true;
    case FrameType::kResize: {
      const uint32_t size = number_at(payload, header.length, 4);
      answer(
          client, request,
          session == nullptr ? ESRCH : session->resize(static_cast<uint16_t>(size), static_cast<uint16_t>(size >> 16)));
      return true;
    }
    case FrameType::kSignal:
      // Not reaped yet, so the pid is still this process'.
      if (session == nullptr || session->reaped) {
        answer(client, request, ESRCH);
      } else {
        const int number = static_cast<int>(number_at(payload, header.length, 4));
        answer(client, request, kill(session->process.pid, number) < 0 ? errno : 0);
      }
      return true;
    case FrameType::kFreeze:
    case FrameType::kThaw:
      request_freeze(client, request, header.type == FrameType::kFreeze);
      return true;
    case FrameType::kExec:
      if (header.length > 4 && header.session != 0) start_exec(client, request, payload + 4, header.length - 4);
      return true;
    case FrameType::kReopenLog: {
      const Status opened = log_.is_open() ? log_.reopen() : Status(Error{ENOENT, "log", "", ""});
      answer(client, request, opened.ok() ? 0 : opened.error().errnum);
      return true;
    }
    case FrameType::kGo:
      give_go();
      return true;
    default:
      // A newer daemon's: it sees from our version that we do not know it.
      answer(client, request, ENOSYS);
      return true;
  }
}

bool Monitor::handle_input(Client* client) {
  Session* session = find(client->session);
  if (session == nullptr || !client->attached || (client->streams & 1) == 0 || !session->accepts_input()) return true;
  const size_t left = client->header().length - client->held_offset;
  const size_t taken = session->write_input(client->payload() + client->held_offset, left);
  if (taken == left) return true;
  client->held_offset += taken;
  session->input_blocked = true;
  update_outputs(session);
  return false;
}

void Monitor::answer(Client* client, uint32_t request, int errnum) {
  const struct {
    uint32_t request;
    int32_t errnum;
  } result{request, errnum};
  send(client, FrameType::kResult, 0, 0, &result, sizeof result);
}

// What a new daemon cannot know: what its predecessor noted of the processes, and the execs that ended between the two.
void Monitor::send_notes(Client* client) {
  static char payload[4 + kMaxNoteBytes];
  auto send_note = [&](uint16_t number, int32_t pid, const char* bytes, size_t length) {
    if (length == 0) return;
    memcpy(payload, &pid, 4);
    memcpy(payload + 4, bytes, length);
    send(client, FrameType::kNote, 0, number, payload, 4 + length);
  };
  for (int i = 0; i < session_count_; i++) {
    const Session& session = *sessions_[i];
    if (session.started && !session.dead)
      send_note(session.number, session.process.pid, session.note.bytes(), session.note.length());
  }
  for (int i = 0; i < ended_count_; i++) {
    EndedExec* ended = ended_[i];
    send_note(ended->number, 0, ended->note.bytes(), ended->note.length());
    send(client, FrameType::kExecExit, 0, ended->number, &ended->exit, sizeof ended->exit);
    note_bytes_ -= ended->note.length();
    delete ended;
  }
  ended_count_ = 0;
}

// The state of things, and what a client that came late has missed.
void Monitor::welcome(Client* client) {
  const bool exited = phase_ == Phase::kCleaning || phase_ == Phase::kLingering;
  const bool running = phase_ == Phase::kRunning;
  Text<16 + 2 * kMaxSessions + 1> payload;
  auto bytes = [&](const auto& value) { payload.add(reinterpret_cast<const char*>(&value), sizeof value); };
  bytes(kProtocolVersion);
  bytes(static_cast<uint8_t>(exited ? ShimState::kExited : running ? ShimState::kRunning : ShimState::kStarting));
  bytes(static_cast<uint8_t>(frozen_));
  bytes(static_cast<int32_t>(session_count_ > 0 ? sessions_[0]->process.pid : 0));
  bytes(started_at_);
  for (int i = 1; i < session_count_; i++) bytes(sessions_[i]->number);
  send(client, FrameType::kWelcome, 0, 0, payload.c_str(), payload.size());
  if (exited) send_exit(client);
  if (phase_ == Phase::kLingering) send(client, FrameType::kGone, 0, 0, nullptr, 0);
  if (phase_ != Phase::kFailed) return;
  Text<1200> failure;
  const int32_t errnum = start_error_.error.errnum;
  failure.add(reinterpret_cast<const char*>(&start_error_.op), 4).add(reinterpret_cast<const char*>(&errnum), 4);
  failure.add(start_error_.error.syscall).add("\0", 1).add(start_error_.error.path).add("\0", 1);
  send(client, FrameType::kFailed, 0, 0, failure.c_str(), failure.size());
}

void Monitor::request_freeze(Client* client, uint32_t request, bool freeze) {
  if (freezer_directory_ == nullptr || phase_ != Phase::kRunning || freeze_.deadline != 0)
    return answer(client, request, freeze_.deadline != 0 ? EBUSY : freezer_directory_ == nullptr ? EOPNOTSUPP : ESRCH);
  const Status asked = set_frozen(freezer_directory_, freezer_version_, freeze);
  if (!asked.ok()) return answer(client, request, asked.error().errnum);
  if (!freeze) {
    frozen_ = false;
    return answer(client, request, 0);
  }
  freeze_ = {client, request, now() + kFreezePatience};
  check_freeze();
}

// The kernel stops the processes one by one; version 1 has to be asked again when one was not ready.
void Monitor::check_freeze() {
  int result = 0;
  if (frozen_state(freezer_directory_, freezer_version_) == 1) {
    frozen_ = true;
  } else if (now() > freeze_.deadline || phase_ != Phase::kRunning) {
    result = phase_ == Phase::kRunning ? EBUSY : ESRCH;
    [[maybe_unused]] const Status undone = set_frozen(freezer_directory_, freezer_version_, false);
  } else {
    [[maybe_unused]] const Status again = set_frozen(freezer_directory_, freezer_version_, true);
    return;
  }
  freeze_.deadline = 0;
  if (freeze_.client != nullptr) answer(freeze_.client, freeze_.request, result);
}

}  // namespace tsd::shim
