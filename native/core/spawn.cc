#include "core/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/child_stack.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace tsd {
namespace {

constexpr size_t kStackBytes = 64 * 1024;

// Shared with the child, which runs in our memory until its execve.
struct ChildWork {
  const SpawnRequest* request;
  int errnum = 0;
  const char* syscall = "";
};

int fail(ChildWork* work, const char* what) {
  work->errnum = errno;
  work->syscall = what;
  return 127;
}

// Caught signals must not run the parent's handlers in shared memory; ignored ones would stay ignored across execve.
void reset_signals() {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    unsigned long mask;
  } action = {SIG_DFL, 0, nullptr, 0};
  for (int i = 1; i <= 64; i++) {
    if (i == SIGKILL || i == SIGSTOP) continue;
    syscall(SYS_rt_sigaction, i, &action, nullptr, 8);
  }
  const unsigned long none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, 8);
}

// Runs in the parent's memory: only system calls here, no allocation, no locks.
int child_main(void* argument) {
  auto* work = static_cast<ChildWork*>(argument);
  const SpawnRequest& request = *work->request;
  const int count = static_cast<int>(request.fd_count);
  reset_signals();
  // First above every source and every target, then into place: a source may be another one's target, and a number that
  // looks free to the kernel's allocator may lie between them. What else is open up there is ours alone to overwrite.
  int base = count;
  if (request.executable >= base) base = request.executable + 1;
  for (int i = 0; i < count; i++) {
    if (request.fds[i] >= base) base = request.fds[i] + 1;
  }
  for (int i = 0; i < count; i++) {
    if (syscall(SYS_dup3, request.fds[i], base + i, 0) < 0) return fail(work, "dup3");
  }
  const int executable = base + count;
  if (syscall(SYS_dup3, request.executable, executable, O_CLOEXEC) < 0) return fail(work, "dup3");
  for (int i = 0; i < count; i++) {
    if (syscall(SYS_dup3, base + i, i, 0) < 0) return fail(work, "dup3");
  }
  // The parent's libraries may hold descriptors without close-on-exec. Older kernels lack the call: then those leak.
  syscall(SYS_close_range, count, ~0U, CLOSE_RANGE_CLOEXEC);
  syscall(SYS_execveat, executable, "", request.argv, request.envp, AT_EMPTY_PATH);
  return fail(work, "execveat");
}

}  // namespace

Result<SpawnedProcess> spawn(const SpawnRequest& request) {
  const ChildStack stack(kStackBytes);
  if (!stack) return last_error("mmap", "spawn");
  ChildWork work{&request};
  pid_t pid;
  int pidfd = -1, clone_errno;
  {
    const SignalsBlocked blocked;
    pid = clone(child_main, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &work, &pidfd);
    clone_errno = errno;
  }
  if (pid < 0) return Error{clone_errno, "clone", "spawn", ""};
  SpawnedProcess process{pid, UniqueFd(pidfd)};
  if (work.errnum != 0) {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | __WALL);
    return Error{work.errnum, work.syscall, "spawn", ""};
  }
  return Result<SpawnedProcess>(std::move(process));
}

Result<UniqueFd> open_executable(const char* path) {
  UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return last_error("open", "open executable", path);
  struct stat status {};
  if (fstat(file.get(), &status) < 0) return last_error("fstat", "open executable", path);
  UniqueFd copy(static_cast<int>(syscall(SYS_memfd_create, "tsd-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC)));
  // Before 6.3 the flag is unknown, and every memory file may be executed.
  if (!copy && errno == EINVAL)
    copy.reset(static_cast<int>(syscall(SYS_memfd_create, "tsd-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  if (!copy) return Result<UniqueFd>(std::move(file));
  for (off_t done = 0; done < status.st_size;) {
    const ssize_t sent = sendfile(copy.get(), file.get(), &done, static_cast<size_t>(status.st_size - done));
    if (sent <= 0) return last_error("sendfile", "open executable", path);
  }
  if (fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
    return last_error("fcntl", "seal executable", path);
  // A descriptor open for writing cannot be executed (ETXTBSY): open it again to read.
  char link[64] = "/proc/self/fd/";
  int digits = copy.get(), length = 14;
  char reversed[12];
  int n = 0;
  do reversed[n++] = static_cast<char>('0' + digits % 10);
  while ((digits /= 10) != 0);
  while (n > 0) link[length++] = reversed[--n];
  link[length] = '\0';
  UniqueFd readable(open(link, O_RDONLY | O_CLOEXEC));
  if (!readable) return Result<UniqueFd>(std::move(file));
  return Result<UniqueFd>(std::move(readable));
}

}  // namespace tsd
