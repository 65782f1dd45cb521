#include "core/userns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/child_stack.h"
#include "core/files.h"
#include "core/text.h"

namespace tsd::userns {
namespace {

constexpr size_t kStackBytes = 64 * 1024;

// A child that shares our memory, has done its part when it says so, and stays until it is let go.
class Holder {
 public:
  Holder() = default;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    channel_.reset();
    if (pid_ > 0) {
      siginfo_t info{};
      while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | __WALL) < 0 && errno == EINTR) {
      }
    }
  }

  // Resolves once the child is where it should be: in new namespaces of `flags`, or in `userns` with a new network.
  Status start(int flags, int userns) {
    if (!stack_) return last_error("mmap", "user namespace");
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return last_error("socketpair");
    channel_.reset(ends[0]);
    UniqueFd theirs(ends[1]);
    work_ = {theirs.get(), ends[0], userns};
    {
      const SignalsBlocked blocked;
      pid_ = clone(child_main, stack_.top(), CLONE_VM | flags, &work_);
      if (pid_ < 0) return last_error("clone", "user namespace");
    }
    theirs.reset();
    int errnum = EIO;
    ssize_t got;
    do got = recv(channel_.get(), &errnum, sizeof errnum, 0);
    while (got < 0 && errno == EINTR);
    return got == sizeof errnum && errnum == 0 ? Status() : Status(Error{errnum, work_.call, "user namespace", ""});
  }

  Result<UniqueFd> namespace_file(const char* name) const {
    const Text<64> path = own_file("ns/", name);
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return last_error("open", "user namespace", name);
    return Result<UniqueFd>(std::move(fd));
  }

  Status write_map(const char* name, const char* map) const { return write_file(own_file("", name).c_str(), map); }

 private:
  struct Work {
    int channel, other_end, userns;
    const char* call = "";
  };

  static int child_main(void* argument) {
    auto* work = static_cast<Work*>(argument);
    // Or our end would keep the channel open.
    syscall(SYS_close, work->other_end);
    int errnum = 0;
    if (work->userns >= 0) {
      work->call = "setns";
      if (syscall(SYS_setns, work->userns, CLONE_NEWUSER) < 0) errnum = errno;
      if (errnum == 0) {
        work->call = "unshare";
        if (syscall(SYS_unshare, CLONE_NEWNET) < 0) errnum = errno;
      }
    }
    syscall(SYS_sendto, work->channel, &errnum, sizeof errnum, MSG_NOSIGNAL, nullptr, 0);
    // Until the other end is closed.
    syscall(SYS_recvfrom, work->channel, &errnum, sizeof errnum, 0, nullptr, nullptr);
    return 0;
  }

  Text<64> own_file(const char* directory, const char* name) const {
    Text<64> path;
    path.add("/proc/").number(static_cast<uint64_t>(pid_)).add("/").add(directory).add(name);
    return path;
  }

  ChildStack stack_{kStackBytes};
  pid_t pid_ = -1;
  UniqueFd channel_;
  Work work_{-1, -1, -1};
};

}  // namespace

Result<UniqueFd> create(const char* uid_map, const char* gid_map) {
  Holder holder;
  if (const Status started = holder.start(CLONE_NEWUSER, -1); !started.ok()) return started.error();
  if (const Status written = holder.write_map("uid_map", uid_map); !written.ok())
    return Error{written.error().errnum, "write", "user namespace", "uid_map"};
  if (const Status written = holder.write_map("gid_map", gid_map); !written.ok())
    return Error{written.error().errnum, "write", "user namespace", "gid_map"};
  return holder.namespace_file("user");
}

Result<UniqueFd> network_namespace_of(int userns_fd) {
  Holder holder;
  if (const Status started = holder.start(0, userns_fd); !started.ok()) return started.error();
  return holder.namespace_file("net");
}

}  // namespace tsd::userns
