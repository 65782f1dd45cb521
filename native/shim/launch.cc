#include "shim/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cgroups.h"
#include "core/files.h"
#include "core/kernel.h"
#include "core/mounts.h"
#include "core/root_path.h"
#include "core/text.h"
#include "shim/contain.h"
#include "shim/container_fs.h"
#include "shim/mapped_clone.h"

namespace tsd::shim {
namespace {

constexpr int kPipeBytes = 1 << 20;

bool ignorable(int errnum) { return errnum == ENOENT || errnum == EOPNOTSUPP || errnum == EACCES; }

Status cgroup_operation(const Plan& plan, const Op& op, Container* container) {
  const char* path = plan.text(op.s1);
  switch (op.code) {
    case OpCode::kCgroupDirectory:
      if (mkdir(path, 0755) < 0 && errno != EEXIST) return last_error("mkdir");
      return {};
    case OpCode::kCgroupWrite: {
      const Status written = write_file(path, plan.text(op.s2));
      return written.ok() || ((op.flags & 1) != 0 && ignorable(written.error().errnum)) ? Status() : written;
    }
    case OpCode::kCgroupJoin: {
      if (container->task_file_count == 32) return Error{E2BIG, "open", "", ""};
      const int flags = op.n1 == 2 ? O_RDONLY | O_DIRECTORY : O_WRONLY;
      const int fd = open(path, flags | O_CLOEXEC);
      if (fd < 0) return last_error("open");
      container->cgroup_version = static_cast<int>(op.n1);
      container->task_files[container->task_file_count++] = fd;
      return {};
    }
    case OpCode::kCgroupDevices:
      return attach_device_program(plan.text(op.s2), plan.blob(op.s1), op.n1);
    default:
      return {};
  }
}

// Mounts the child only has to put in place, and namespaces it only has to enter.
struct Prepared {
  int* mounts;
  UniqueFd rootfs;
  int join[8];
  int join_kinds[8];
  int join_count = 0;
  uint64_t new_namespaces = 0;
  UniqueFd pid_namespace;  // to enter on the way into a user namespace

  explicit Prepared(uint32_t count) : mounts(static_cast<int*>(malloc((count + 1) * sizeof(int)))), count_(count) {
    for (uint32_t i = 0; mounts != nullptr && i < count; i++) mounts[i] = -1;
  }
  ~Prepared() {
    for (uint32_t i = 0; mounts != nullptr && i < count_; i++) {
      if (mounts[i] >= 0) close(mounts[i]);
    }
    for (int i = 0; i < join_count; i++) close(join[i]);
    free(mounts);
  }

 private:
  uint32_t count_;
};

Result<UniqueFd> prepare_bind(const Plan& plan, const Op& op, const OwnerMap& owners) {
  return bind_mount({.source = plan.text(op.s1),
                     .recursive = (op.flags & kBindRecursive) != 0,
                     .set = op.n1 & 0xffffffff,
                     .clear = op.n1 >> 32,
                     .attributes_recursive = (op.flags & kBindAttributesRecursive) != 0,
                     .propagation = op.n2,
                     .propagation_recursive = (op.flags & kBindPropagationRecursive) != 0,
                     .owners = (op.flags & kBindMapped) != 0 ? owners : OwnerMap()});
}

Status own(int fd, const char* path, const OwnerMap& owners) {
  if (owners.userns < 0) return {};
  const int flags = AT_SYMLINK_NOFOLLOW | (*path == '\0' ? AT_EMPTY_PATH : 0);
  return fchownat(fd, path, owners.uid, owners.gid, flags) < 0 ? Status(last_error("fchownat")) : Status();
}

// Root of a user namespace may not make devices, and an instance of its own could not hold any.
Status make_devices(const Plan& plan, int dev) {
  constexpr size_t kPrefix = 4;  // of "/dev"
  for (uint32_t i = 0; i < plan.size(); i++) {
    const Op& op = plan.op(i);
    if (op.code != OpCode::kDevice || strncmp(plan.text(op.s1), "/dev/", kPrefix + 1) != 0) continue;
    if (const Status made = make_device(op, dev, plan.text(op.s1) + kPrefix); !made.ok()) return made;
  }
  return {};
}

Status join_namespace(const Plan& plan, const Op& op, Container* container, Prepared* prepared) {
  const int kind = static_cast<int>(op.n1);
  UniqueFd space(op.n2 != 0 ? fcntl(static_cast<int>(op.n2 - 1), F_DUPFD_CLOEXEC, 3)
                            : open(plan.text(op.s1), O_RDONLY | O_CLOEXEC));
  if (!space) return last_error("open");
  if (kind == CLONE_NEWUSER) {
    container->userns = std::move(space);
    container->owners = {container->userns.get(), op.s2, op.s3};
    return {};
  }
  // A process cannot change its own pid namespace, only that of its children.
  if (kind == CLONE_NEWPID && container->userns) {
    prepared->pid_namespace = std::move(space);
    return {};
  }
  if (kind == CLONE_NEWPID) return setns(space.get(), kind) < 0 ? Status(last_error("setns")) : Status();
  if (prepared->join_count == 8) return Error{E2BIG, "setns", "", ""};
  prepared->join_kinds[prepared->join_count] = kind;
  prepared->join[prepared->join_count++] = space.release();
  return {};
}

Status prepare_operation(const Plan& plan, uint32_t index, Container* container, Prepared* prepared) {
  const Op& op = plan.op(index);
  switch (op.code) {
    case OpCode::kNamespaces:
      prepared->new_namespaces = op.n1;
      return {};
    case OpCode::kJoinNamespace:
      return join_namespace(plan, op, container, prepared);
    case OpCode::kOverlay: {
      auto mounted = overlay_mount({plan.list(op.s1, op.n1), plan.text(op.s2), plan.text(op.s3), (op.flags & 1) != 0,
                                    (op.flags & 2) != 0, container->owners});
      if (!mounted.ok()) return mounted.error();
      prepared->rootfs = std::move(mounted.value());
      return {};
    }
    case OpCode::kBind: {
      auto mounted = prepare_bind(plan, op, container->owners);
      if (!mounted.ok()) return mounted.error();
      prepared->mounts[index] = mounted.value().release();
      return {};
    }
    case OpCode::kMount: {
      // The shim opens the terminals itself: nothing in the container can get in between.
      const bool terminals = strcmp(plan.text(op.s1), "devpts") == 0;
      const bool devices = container->userns && strcmp(plan.text(op.s3), "/dev") == 0;
      if (!terminals && !devices) return {};
      auto mounted = filesystem_mount(plan.text(op.s1), plan.text(op.s2),
                                      plan.list(static_cast<uint32_t>(op.n2 >> 32), op.n2 & 0xffffffff), op.n1);
      if (!mounted.ok()) return mounted.error();
      const int fd = mounted.value().get();
      if (const Status owned = own(fd, "", container->owners); !owned.ok()) return owned;
      if (terminals) container->devpts.reset(fcntl(fd, F_DUPFD_CLOEXEC, 3));
      if (devices) {
        if (const Status made = make_devices(plan, fd); !made.ok()) return made;
      }
      prepared->mounts[index] = mounted.value().release();
      return {};
    }
    default:
      return {};
  }
}

Status open_terminal(const Op& op, const Container& container, Process* process) {
  if (!container.devpts) return Error{ENOENT, "open", "console", "/dev/pts/ptmx"};
  UniqueFd master(openat(container.devpts.get(), "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!master) return last_error("open", "console", "/dev/pts/ptmx");
  const int unlock = 0;
  if (ioctl(master.get(), TIOCSPTLCK, &unlock) < 0) return last_error("ioctl", "console");
  if (op.n1 != 0 || op.n2 != 0) {
    const winsize size{static_cast<unsigned short>(op.n1), static_cast<unsigned short>(op.n2), 0, 0};
    if (ioctl(master.get(), TIOCSWINSZ, &size) < 0) return last_error("ioctl", "console");
  }
  if (container.owners.userns >= 0) {
    unsigned number = 0;
    if (ioctl(master.get(), TIOCGPTN, &number) < 0) return last_error("ioctl", "console");
    Text<16> name;
    if (const Status owned = own(container.devpts.get(), name.number(number).c_str(), container.owners); !owned.ok())
      return owned;
  }
  process->terminal = std::move(master);
  return {};
}

// Only our ends are non-blocking: the flag is the file's, and the program has not asked for it.
Status open_pipe(UniqueFd* ours, UniqueFd* theirs, bool ours_reads, const OwnerMap& owners) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return last_error("pipe2");
  if (const Status owned = own(ends[0], "", owners); !owned.ok()) return owned;
  ours->reset(ends[ours_reads ? 0 : 1]);
  theirs->reset(ends[ours_reads ? 1 : 0]);
  // A hint: the kernel's limit for pipes may say no.
  fcntl(ours->get(), F_SETPIPE_SZ, kPipeBytes);
  if (fcntl(ours->get(), F_SETFL, O_NONBLOCK | (ours_reads ? O_RDONLY : O_WRONLY)) < 0) return last_error("fcntl");
  return {};
}

struct ChildEnds {
  UniqueFd channel, input, output[2];
};

Status open_streams(const Plan& plan, const Container& container, Process* process, ChildEnds* ends) {
  const Op* op = plan.find(OpCode::kStdio);
  if (op == nullptr) return Error{EINVAL, "plan", "stdio", ""};
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) return last_error("socketpair");
  process->channel.reset(channel[0]);
  ends->channel.reset(channel[1]);
  if ((op->flags & kTerminal) != 0) return open_terminal(*op, container, process);
  if ((op->flags & kStdin) != 0) {
    if (const Status opened = open_pipe(&process->input, &ends->input, false, container.owners); !opened.ok())
      return opened;
  }
  for (int i = 0; i < 2; i++) {
    if (const Status opened = open_pipe(&process->output[i], &ends->output[i], true, container.owners); !opened.ok())
      return opened;
  }
  return {};
}

// In the child: does not return.
[[noreturn]] void run_child(const Plan& plan, const Container& container, const Process& process, const ChildEnds& ends,
                            Child child) {
  child.plan = &plan;
  child.channel = ends.channel.get();
  child.stdin_fd = ends.input ? ends.input.get() : 0;
  child.stdout_fd = ends.output[0].get();
  child.stderr_fd = ends.output[1].get();
  child.terminal = process.terminal.get();
  child.cgroup_tasks = container.task_files;
  // The process in between has joined them for a mapped container's first process.
  const bool joined = child.mapped && child.init < 0;
  child.cgroup_task_count = container.cgroup_version == 1 && !joined ? container.task_file_count : 0;
  // Our end, or the child would never see it close.
  close(process.channel.get());
  contain(child);
}

// In the parent the pid, in the child 0.
pid_t clone_into(const Container& container, uint64_t flags, int* pidfd) {
  kernel::CloneArguments arguments;
  arguments.flags = flags | (pidfd == nullptr ? 0 : CLONE_PIDFD);
  arguments.pidfd = reinterpret_cast<uint64_t>(pidfd);
  arguments.exit_signal = SIGCHLD;
  if (container.cgroup_version != 2 || container.task_file_count == 0) return kernel::clone3(arguments);
  arguments.flags |= kernel::kCloneIntoCgroup;
  arguments.cgroup = static_cast<uint64_t>(container.task_files[0]);
  const pid_t pid = kernel::clone3(arguments);
  if (pid >= 0 || (errno != EINVAL && errno != EBUSY && errno != E2BIG && errno != EOPNOTSUPP)) return pid;
  arguments.flags &= ~kernel::kCloneIntoCgroup;
  arguments.cgroup = 0;
  const pid_t slow = kernel::clone3(arguments);
  if (slow == 0 && !join_directory(container.task_files[0]).ok()) _exit(127);
  return slow;
}

Child child_of(const Prepared& prepared, bool mapped) {
  return {.prepared = prepared.mounts,
          .rootfs = prepared.rootfs.get(),
          .mapped = mapped,
          .base_namespace = kBaseNamespaceFd,
          .join = prepared.join,
          .join_kinds = prepared.join_kinds,
          .join_count = prepared.join_count,
          .unshare_flags = prepared.new_namespaces & CLONE_NEWCGROUP,
          .init = -1};
}

LaunchError launch_mapped(const Plan& plan, Container* container, Process* process, const Prepared& prepared,
                          const ChildEnds& ends) {
  struct Run {
    const Plan& plan;
    const Container& container;
    const Process& process;
    const ChildEnds& ends;
    const Prepared& prepared;
  } run{plan, *container, *process, ends, prepared};
  auto made = clone_mapped({.plan = &plan,
                            .container = container,
                            .flags = prepared.new_namespaces & ~uint64_t{CLONE_NEWCGROUP},
                            .pid_namespace = prepared.pid_namespace.get(),
                            .run =
                                [](void* argument) {
                                  const auto& [plan, container, process, ends, prepared] = *static_cast<Run*>(argument);
                                  run_child(plan, container, process, ends, child_of(prepared, true));
                                },
                            .argument = &run});
  if (!made.ok()) return {true, plan.size(), made.error()};
  // A joined one as well: whose first process an exec's children are to be born beside.
  container->own_pid_namespace = true;
  process->pid = made.value().pid;
  container->init.reset(made.value().pidfd);
  return {};
}

}  // namespace

LaunchError make_cgroups(const Plan& plan, Container* container) {
  for (uint32_t i = 0; i < plan.size(); i++) {
    const Status done = cgroup_operation(plan, plan.op(i), container);
    if (!done.ok()) return {true, i, done.error()};
  }
  return {};
}

bool remove_cgroups(const Plan& plan) {
  bool empty = true;
  for (uint32_t i = plan.size(); i-- > 0;) {
    const Op& op = plan.op(i);
    if (op.code != OpCode::kCgroupDirectory || (op.flags & 1) == 0) continue;
    if (remove_cgroup(plan.text(op.s1))) continue;
    kill_cgroup(plan.text(op.s1));
    empty = false;
  }
  return empty;
}

LaunchError launch(const Plan& plan, Container* container, Process* process) {
  Prepared prepared(plan.size());
  if (prepared.mounts == nullptr) return {true, plan.size(), Error{ENOMEM, "malloc", "", ""}};
  for (uint32_t i = 0; i < plan.size(); i++) {
    const Status done = prepare_operation(plan, i, container, &prepared);
    if (!done.ok()) return {true, i, done.error()};
  }
  ChildEnds ends;
  const Status opened = open_streams(plan, *container, process, &ends);
  if (!opened.ok()) return {true, plan.size(), opened.error()};
  if (container->userns) return launch_mapped(plan, container, process, prepared, ends);
  container->own_pid_namespace = (prepared.new_namespaces & CLONE_NEWPID) != 0;
  // The cgroup namespace begins where the process is when it makes it: after it has joined its groups.
  const uint64_t at_clone = prepared.new_namespaces & ~uint64_t{CLONE_NEWCGROUP};
  int pidfd = -1;
  const pid_t pid = clone_into(*container, at_clone, &pidfd);
  if (pid < 0) return {true, plan.size(), last_error("clone3")};
  if (pid == 0) {
    run_child(plan, *container, *process, ends, child_of(prepared, false));
  }
  process->pid = pid;
  container->init.reset(pidfd);
  return {};
}

LaunchError launch_exec(const Plan& plan, Container* container, Process* process) {
  if (container->own_pid_namespace) {
    // From here on every child of ours is born in the container's pid namespace.
    if (setns(container->init.get(), CLONE_NEWPID) < 0) return {true, plan.size(), last_error("setns")};
    container->own_pid_namespace = false;
  }
  ChildEnds ends;
  const Status opened = open_streams(plan, *container, process, &ends);
  if (!opened.ok()) return {true, plan.size(), opened.error()};
  const pid_t pid = clone_into(*container, 0, nullptr);
  if (pid < 0) return {true, plan.size(), last_error("clone3")};
  if (pid == 0) {
    run_child(plan, *container, *process, ends,
              {.rootfs = -1,
               .mapped = static_cast<bool>(container->userns),
               .base_namespace = -1,
               .init = container->init.get()});
  }
  process->pid = pid;
  return {};
}

}  // namespace tsd::shim
