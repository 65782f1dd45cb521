#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cgroups.h"
#include "core/files.h"
#include "core/text.h"
#include "shim/monitor.h"

extern "C" char __executable_start, etext;

namespace tsd::shim {
namespace {

// What runs from here on is a fraction of the program; the rest comes back from the page cache when it is needed.
void forget_start_code() {
  constexpr uintptr_t kPageMask = 4095;
  const uintptr_t start = (reinterpret_cast<uintptr_t>(&__executable_start) + kPageMask) & ~kPageMask;
  const uintptr_t end = reinterpret_cast<uintptr_t>(&etext) & ~kPageMask;
  madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
}

}  // namespace

void Monitor::become_supervisor() {
  setsid();
  prctl(PR_SET_NAME, "tsd-shim", 0, 0, 0);
  // Nothing in the container may look into us or into the child before its execve.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  // The last process to go when memory runs out; without the right to say so, as likely as any other.
  [[maybe_unused]] const Status score = write_file("/proc/self/oom_score_adj", "-999");
  umask(0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signals_.reset(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  signal_watch_.fd = signals_.get();
  poller_.set(signal_watch_, EPOLLIN);
}

bool Monitor::load_plan() {
  phase_since_ = now();
  // Never the container's.
  for (int fd = kPlanFd; fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;) fd++;
  fcntl(kListenerFd, F_SETFL, O_RDWR | O_NONBLOCK);
  listener_watch_.fd = kListenerFd;
  poller_.set(listener_watch_, EPOLLIN);

  struct stat status {};
  if (fstat(kPlanFd, &status) < 0 || status.st_size <= 0 || status.st_size > kMaxPlanBytes) return false;
  void* bytes = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, kPlanFd, 0);
  if (bytes == MAP_FAILED) return false;
  auto parsed = Plan::parse(bytes, static_cast<size_t>(status.st_size));
  if (!parsed.ok()) return false;
  plan_ = parsed.value();
  const Op* place = plan_.find(OpCode::kRuntimeDirectory);
  if (place == nullptr || plan_.find(OpCode::kStdio) == nullptr) return false;
  held_first_ = static_cast<int>(place->n1);
  held_count_ = static_cast<int>(place->n2);
  directory_.reset(open(plan_.text(place->s1), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (const Op* op = plan_.find(OpCode::kCgroupMemory); op != nullptr) {
    memory_directory_ = plan_.text(op->s1);
    memory_version_ = static_cast<int>(op->n1);
  }
  if (const Op* op = plan_.find(OpCode::kCgroupFreezer); op != nullptr) {
    freezer_directory_ = plan_.text(op->s1);
    freezer_version_ = static_cast<int>(op->n1);
  }
  return static_cast<bool>(directory_);
}

// What a later daemon needs to find and clean up the container should this process die.
void Monitor::write_state() {
  static Text<16384> text;
  static char boot[64];
  if (boot[0] == '\0') read_file("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
  text.clear();
  auto process = [&](const char* name, pid_t pid) {
    text.add(name).add(" ").number(static_cast<uint64_t>(pid)).add(" ").number(process_start_time(pid)).add("\n");
  };
  text.add("boot ").add(boot);
  process("shim", getpid());
  if (session_count_ > 0 && sessions_[0]->process.pid > 0) process("init", sessions_[0]->process.pid);
  for (uint32_t i = 0; i < plan_.size(); i++) {
    const Op& op = plan_.op(i);
    if (op.code == OpCode::kCgroupDirectory && (op.flags & 1) != 0)
      text.add("cgroup ").add(plan_.text(op.s1)).add("\n");
  }
  if (freezer_directory_ != nullptr) text.add("freezer ").add(freezer_directory_).add("\n");
  [[maybe_unused]] const Status written = replace_file(directory_.get(), "state", text.c_str(), text.size());
}

void Monitor::start_container() {
  write_state();
  LaunchError error = make_cgroups(plan_, &container_);
  if (error.failed) return fail_start(error);
  if (memory_directory_ != nullptr) {
    // Without a memory controller there are no events either.
    auto watch = watch_oom(memory_directory_, memory_version_);
    if (watch.ok()) {
      oom_ = std::move(watch.value());
      oom_watch_.fd = oom_.get();
      poller_.set(oom_watch_, EPOLLIN);
    }
  }
  if (const Op* op = plan_.find(OpCode::kLog); op != nullptr) {
    const LogFormat format = (op->flags & kLogLocal) != 0 ? LogFormat::kLocal : LogFormat::kJsonFile;
    Status opened = log_.open(format, plan_.text(op->s1), plan_.text(op->s2), op->n1, static_cast<uint32_t>(op->n2));
    if (opened.ok() && (op->flags & kLogNonBlocking) != 0) opened = log_.open_without_waiting(op->s3);
    if (!opened.ok()) return fail_start({true, static_cast<uint32_t>(op - &plan_.op(0)), opened.error()});
  }
  Process process;
  error = launch(plan_, &container_, &process);
  if (error.failed) return fail_start(error);
  // The container has its own hold on these now; ours would keep them beyond its end.
  close(kPlanFd);
  close(kBaseNamespaceFd);
  for (uint32_t i = 0; i < plan_.size(); i++) {
    const Op& op = plan_.op(i);
    if (op.code == OpCode::kJoinNamespace && op.n2 != 0) close(static_cast<int>(op.n2 - 1));
  }
  auto* session = new Session(0);
  session->adopt(std::move(process), plan_.find(OpCode::kStdio)->flags);
  if (const Op* op = plan_.find(OpCode::kNote); op != nullptr && op->n1 <= kMaxNoteBytes)
    session->note.set(plan_.blob(op->s1), op->n1);
  sessions_[session_count_++] = session;
  poller_.set(session->channel_watch, EPOLLIN);
  update_outputs(session);
  write_state();
}

void Monitor::release_held() {
  for (int i = 0; i < held_count_; i++) close(held_first_ + i);
  held_count_ = 0;
}

void Monitor::fail_start(const LaunchError& error) {
  release_held();
  start_error_ = error;
  phase_ = Phase::kFailed;
  phase_since_ = now();
  if (session_count_ > 0 && !sessions_[0]->reaped) {
    kill(sessions_[0]->process.pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(sessions_[0]->process.pid), &info, WEXITED | __WALL);
    sessions_[0]->reaped = sessions_[0]->finished = true;
  }
  for (int i = 0; i < container_.task_file_count; i++) close(container_.task_files[i]);
  container_.task_file_count = 0;
  // The killed process may need a moment to leave its groups.
  for (int attempt = 0; attempt < 500 && !remove_cgroups(plan_); attempt++) usleep(1000);
  unlinkat(directory_.get(), "state", 0);
  for (int i = 0; i < client_count_; i++) {
    if (clients_[i]->control) welcome(clients_[i]);
  }
  end_streams(0);
}

void Monitor::give_go() {
  if (go_ || session_count_ == 0) return;
  // Whoever attached before saying go must get the first byte: their frames may still be waiting.
  go_ = true;
  accept_clients();
  for (int i = 0; i < client_count_; i++) {
    if (!clients_[i]->dead && !clients_[i]->held) read_client(clients_[i]);
  }
  [[maybe_unused]] const ssize_t sent = write(sessions_[0]->process.channel.get(), "G", 1);
}

void Monitor::on_channel(Session* session) {
  for (;;) {
    ChildMessage message{};
    const ssize_t got = recv(session->process.channel.get(), &message, sizeof message, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) break;
    if (message.kind == ChildMessage::kExecuting) session->executing = true;
    if (message.kind == ChildMessage::kFailed && got == sizeof message) {
      session->failure = message;
      session->failed = true;
    }
  }
  poller_.set(session->channel_watch, 0);
  session->channel_watch.fd = -1;
  session->process.channel.reset();
  settle_start(session);
}

// The channel has ended: the program runs, or never will.
void Monitor::settle_start(Session* session) {
  if (!session->failed && !session->executing) {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(session->process.pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    // A seccomp program may have forbidden it to say so; but if it lives, it runs.
    if (session->reaped || info.si_pid != 0) {
      session->failed = true;
      session->failure.op = plan_.size();
      session->failure.errnum = ECHILD;
      strcpy(session->failure.call, "init");
    }
  }
  if (session->failed) {
    if (session->number == 0) {
      start_failure_ = session->failure;
      return fail_start(
          {true, session->failure.op, Error{session->failure.errnum, start_failure_.call, "", start_failure_.path}});
    }
    send_exec_failure(session->number, session->request, session->failure.op, session->failure.errnum,
                      session->failure.call, session->failure.path);
    if (session->reaped) finish_exec(session);
    return;
  }
  session->started = true;
  struct {
    uint32_t request;
    int32_t pid;
  } exec_started{session->request, session->process.pid};
  if (session->number != 0)
    return broadcast(FrameType::kExecStarted, session->number, &exec_started, sizeof exec_started);

  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  started_at_ = static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
  if (phase_ == Phase::kStarting) phase_ = Phase::kRunning;
  char payload[12];
  const int32_t pid = session->process.pid;
  memcpy(payload, &pid, 4);
  memcpy(payload + 4, &started_at_, 8);
  broadcast(FrameType::kStarted, 0, payload, sizeof payload);
  // Held, so that the kernel takes its mounts apart after the exit was reported and not before.
  Text<64> path;
  path.add("/proc/").number(static_cast<uint64_t>(pid)).add("/ns/mnt");
  mount_namespace_.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  forget_start_code();
}

void Monitor::send_exec_failure(uint16_t number, uint32_t request, uint32_t op, int errnum, const char* call,
                                const char* path) {
  Text<1200> payload;
  payload.add(reinterpret_cast<const char*>(&request), 4).add(reinterpret_cast<const char*>(&op), 4);
  const int32_t code = errnum;
  payload.add(reinterpret_cast<const char*>(&code), 4);
  payload.add(call).add("\0", 1).add(path).add("\0", 1);
  broadcast(FrameType::kExecFailed, number, payload.c_str(), payload.size());
  end_streams(number);
}

void Monitor::start_exec(Client* client, uint32_t request, const char* bytes, size_t length) {
  const uint16_t number = client->header().session;
  if (phase_ != Phase::kRunning || sessions_[0]->reaped || find(number) != nullptr || session_count_ == kMaxSessions)
    return send_exec_failure(number, request, UINT32_MAX,
                             phase_ != Phase::kRunning || sessions_[0]->reaped ? ESRCH : EEXIST, "exec", "");
  // It would join frozen groups and never come to its execve.
  if (frozen_) return send_exec_failure(number, request, UINT32_MAX, EBUSY, "exec", "");
  // Clients that attached to it before asking must get its first byte.
  accept_clients();
  for (int i = 0; i < client_count_; i++) {
    if (clients_[i] != client && !clients_[i]->dead && !clients_[i]->held &&
        clients_[i]->header().type != FrameType::kExec)
      read_client(clients_[i]);
  }
  // The frame's bytes go when it is consumed, the plan with it: the child has its own copy by then.
  void* memory = malloc(length + 8);
  if (memory == nullptr) return send_exec_failure(number, request, UINT32_MAX, ENOMEM, "malloc", "");
  memcpy(memory, bytes, length);
  auto plan = Plan::parse(memory, length);
  LaunchError error;
  Process process;
  uint16_t flags = 0;
  Note note;
  if (plan.ok()) {
    error = launch_exec(plan.value(), &container_, &process);
    const Op* op = plan.value().find(OpCode::kNote);
    if (op != nullptr && note_bytes_ + op->n1 <= kMaxNoteBytes) note.set(plan.value().blob(op->s1), op->n1);
    if (const Op* stdio = plan.value().find(OpCode::kStdio); stdio != nullptr) flags = stdio->flags;
  } else {
    error = {true, UINT32_MAX, plan.error()};
  }
  free(memory);
  if (error.failed) return send_exec_failure(number, request, error.op, error.error.errnum, error.error.syscall, "");
  auto* session = new Session(number);
  session->request = request;
  session->oom_kills_before = oom_kills_;
  session->adopt(std::move(process), flags);
  note_bytes_ += note.length();
  session->note = std::move(note);
  sessions_[session_count_++] = session;
  poller_.set(session->channel_watch, EPOLLIN);
  update_outputs(session);
  [[maybe_unused]] const ssize_t sent = write(session->process.channel.get(), "G", 1);
}

}  // namespace tsd::shim
