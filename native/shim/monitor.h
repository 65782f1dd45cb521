// Mode `run`: makes one container, then carries its streams, log, signals and execs until it has ended, and cleans up.
// One thread, one loop. It needs no daemon: connections come and go.
#pragma once
#include <stdint.h>

#include "core/fd.h"
#include "shim/client.h"
#include "shim/container_log.h"
#include "shim/frames.h"
#include "shim/launch.h"
#include "shim/poller.h"
#include "shim/session.h"

namespace tsd::shim {

struct __attribute__((packed)) ExitPayload {
  int32_t code;
  uint8_t oom;
  uint64_t time;  // unix nanoseconds
};

struct EndedExec {
  uint16_t number;
  ExitPayload exit;
  Note note;
};

class Monitor {
 public:
  // Never returns before the container is gone.
  int run();

 private:
  static constexpr int kMaxClients = 1024, kMaxSessions = 1024, kMaxEnded = 256;
  // All that a greeting has to send must fit into a client's queue.
  static constexpr size_t kMaxNoteBytes = Client::kQueueLimit / 2;

  // monitor_start.cc: from the plan to the running program, or to a reported failure
  bool load_plan();
  void become_supervisor();
  void start_container();
  void fail_start(const LaunchError& error);
  void write_state();
  void release_held();
  void give_go();
  void on_channel(Session* session);
  void settle_start(Session* session);
  void start_exec(Client* client, uint32_t request, const char* bytes, size_t length);
  void send_exec_failure(uint16_t number, uint32_t request, uint32_t op, int errnum, const char* call,
                         const char* path);

  // monitor_streams.cc: clients and bytes
  void accept_clients();
  void on_client(Client* client, uint32_t events);
  void read_client(Client* client);
  void drop(Client* client);
  void update(Client* client);
  void send(Client* client, FrameType type, uint8_t stream, uint16_t session, const void* payload, size_t length);
  void broadcast(FrameType type, uint16_t session, const void* payload, size_t length);
  void on_output(Session* session, uint8_t index);
  void deliver(Session* session, uint8_t stream, const char* data, size_t length);
  void resume_input(Session* session);
  void update_outputs(Session* session);
  void drop_stuck_clients(Session* session);
  void end_streams(uint16_t number);

  // monitor_frames.cc: what clients ask for
  bool handle(Client* client);
  bool handle_input(Client* client);
  void welcome(Client* client);
  void send_notes(Client* client);
  void answer(Client* client, uint32_t request, int errnum);
  void request_freeze(Client* client, uint32_t request, bool freeze);
  void check_freeze();

  // monitor_end.cc: exits, and what is left behind
  void reap();
  void on_oom();
  void check_finished(Session* session);
  void finish_container(Session* session);
  void finish_exec(Session* session);
  void check_cleanup();
  void linger();
  void send_exit(Client* client);
  void keep_end(Session* session, const ExitPayload& exit);
  void collect_garbage();
  int next_timeout() const;
  void tick();

  Session* find(uint16_t number) const;
  static uint64_t now();

  Poller poller_;
  int held_first_ = 0, held_count_ = 0;  // sockets that reserve published ports
  Plan plan_;
  Container container_;
  ContainerLog log_;
  UniqueFd directory_, signals_, oom_, mount_namespace_;
  Watch listener_watch_{Watch::Kind::kListener}, signal_watch_{Watch::Kind::kSignals}, oom_watch_{Watch::Kind::kOom};
  // Zero from the start, as the one monitor is static; to say so here would touch their pages.
  Client* clients_[kMaxClients];
  Session* sessions_[kMaxSessions];  // the container's own is the first
  int client_count_ = 0, session_count_ = 0;
  // Execs that ended while no daemon listened, for the next one.
  EndedExec* ended_[kMaxEnded];
  int ended_count_ = 0;
  size_t note_bytes_ = 0;  // of all execs

  enum class Phase { kStarting, kRunning, kCleaning, kLingering, kFailed, kGone } phase_ = Phase::kStarting;
  bool go_ = false, had_control_ = false, frozen_ = false, garbage_ = false;
  LaunchError start_error_;
  ChildMessage start_failure_{};
  uint64_t started_at_ = 0;   // unix nanoseconds
  uint64_t phase_since_ = 0;  // monotonic nanoseconds
  uint64_t oom_kills_ = 0;
  const char* memory_directory_ = nullptr;
  const char* freezer_directory_ = nullptr;
  int memory_version_ = 0, freezer_version_ = 0;
  struct {
    Client* client = nullptr;
    uint32_t request = 0;
    uint64_t deadline = 0;  // 0: none asked for
  } freeze_;
  struct {
    int32_t code = 0;
    uint8_t oom = 0;
    uint64_t time = 0;
  } exit_;
};

}  // namespace tsd::shim
