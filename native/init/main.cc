// tsd-init: pid 1 for --init. Starts the program in a process group of its own in the foreground, passes every signal
// on to it, reaps what is orphaned, and ends as the program does. Usage: tsd-init [--] program [argument...]
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// Signals of this process itself: waiting for them would hide a fault, or stop it for good.
constexpr int kNotForwarded[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU};

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

int fail(const char* what, const char* name, int code) {
  fprintf(stderr, "[FATAL tsd-init] %s %s failed: %s\n", what, name, strerror(errno));
  return code;
}

// The child leads its own group, so that a terminal's ctrl-c reaches the program once, not through us again.
[[noreturn]] void run_program(char** argv, const sigset_t& mask) {
  setpgid(0, 0);
  signal(SIGTTOU, SIG_IGN);  // tcsetpgrp from a background group would stop us
  if (tcsetpgrp(STDIN_FILENO, getpgrp()) < 0 && errno != ENOTTY && errno != ENXIO && errno != EBADF && errno != EPERM) {
    _exit(fail("tcsetpgrp for", argv[0], 1));
  }
  signal(SIGTTOU, SIG_DFL);
  signal(SIGTTIN, SIG_DFL);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execvp(argv[0], argv);
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  _exit(fail("exec", argv[0], missing ? kNotFound : kNotExecutable));
}

// Reaps all that have ended; true with the exit code when the program is among them.
bool reap(pid_t program, int& code) {
  bool ended = false;
  for (int status = 0;;) {
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return ended;
    if (pid != program) continue;
    ended = true;
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

}  // namespace

int main(int argc, char** argv) {
  int first = 1;
  if (argc > 1 && strcmp(argv[1], "--") == 0) first = 2;
  if (first >= argc) {
    fprintf(stderr, "usage: tsd-init [--] program [argument...]\n");
    return 1;
  }
  // As a child of another pid 1 (a shared pid namespace) orphans come here only if asked for.
  if (getpid() != 1) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

  sigset_t all, before;
  sigfillset(&all);
  for (int s : kNotForwarded) sigdelset(&all, s);
  sigprocmask(SIG_SETMASK, &all, &before);
  signal(SIGTTIN, SIG_IGN);
  signal(SIGTTOU, SIG_IGN);

  const pid_t program = fork();
  if (program < 0) return fail("fork for", argv[first], 1);
  if (program == 0) run_program(argv + first, before);

  for (int code = 0;;) {
    const int received = sigwaitinfo(&all, nullptr);
    if (received == SIGCHLD) {
      if (reap(program, code)) return code;
    } else if (received > 0) {
      kill(program, received);
    }
  }
}
