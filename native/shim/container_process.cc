#include "shim/container_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/credentials.h"
#include "core/root_path.h"
#include "core/text.h"

namespace tsd::shim {
namespace {

Status bring_loopback_up() {
  UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return last_error("socket");
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0) return last_error("ioctl");
  return {};
}

Status write_oom_score(const Op& op, const ProcessState& state) {
  if (state.mapped) return {};
  const Text<16> text = oom_score_text(op);
  if (write(state.oom_score.get(), text.c_str(), text.size()) < 0) return last_error("write");
  return {};
}

// As root first: a user's own directory may lie below one only root may search. Then as the user, whose file systems
// may shut out root.
Status change_directory(const Plan& plan, const Op& op, ProcessState* state) {
  const char* path = plan.text(op.s1);
  if ((op.flags & 1) != 0) {
    auto made = make_in_root(state->root, path, true);
    if (!made.ok() && made.error().errnum != EACCES && made.error().errnum != EROFS) return made.error();
  }
  if (chdir(path) == 0) return {};
  if (errno != EACCES) return last_error("chdir");
  state->directory_to_retry = path;
  return {};
}

// The program may open /dev/stdout again under its own user; what refuses the change stays as it is.
void own_stdio(uint32_t uid) {
  for (int fd = 0; fd < 3; fd++) {
    struct stat status {};
    if (fstat(fd, &status) < 0 || status.st_uid == uid) continue;
    if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)) continue;
    if (fchown(fd, uid, static_cast<gid_t>(-1)) < 0) continue;
  }
}

Status change_user(const Plan& plan, const Op& op, ProcessState* state) {
  const auto* groups = static_cast<const uint32_t*>(plan.blob(op.s1));
  own_stdio(op.s2);
  const Status changed = become_user(op.s2, op.s3, groups, static_cast<uint32_t>(op.n1));
  if (!changed.ok()) return changed;
  if (state->directory_to_retry != nullptr && chdir(state->directory_to_retry) < 0)
    return Error{errno, "chdir", "", state->directory_to_retry};
  return {};
}

Status load_seccomp(const Plan& plan, const Op& op) {
  const sock_fprog program{static_cast<unsigned short>(op.n1 / sizeof(sock_filter)),
                           static_cast<sock_filter*>(const_cast<void*>(plan.blob(op.s1)))};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, op.n2, &program) < 0) return last_error("seccomp");
  return {};
}

Status set_limit(const Op& op) {
  const uint64_t limit[2] = {op.n1, op.n2};
  if (syscall(SYS_prlimit64, 0, op.s2, limit, nullptr) < 0) return last_error("prlimit64");
  return {};
}

Status apply_capabilities(const Plan& plan, const Op& op) {
  uint64_t words[4];
  memcpy(words, plan.blob(op.s1), sizeof words);
  return set_capabilities({words[0], words[1], words[2], words[3]});
}

// 0 when the file may be executed; directories and files without any x bit may not.
int check_executable(const char* path) {
  struct stat status {};
  if (stat(path, &status) < 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  return (status.st_mode & 0111) != 0 ? 0 : EACCES;
}

// The last PATH= of the environment, as a later variable replaces an earlier one.
const char* search_path(StringList environment) {
  const char* found = "";
  const char* entry = environment.first;
  for (uint32_t i = 0; i < environment.count; i++, entry += strlen(entry) + 1) {
    if (strncmp(entry, "PATH=", 5) == 0) found = entry + 5;
  }
  return found;
}

// Into `out` the file to execute. A name with a slash is taken as it is; anything else is the first executable in PATH.
int look_up(const char* name, const char* directories, Text<PATH_MAX>* out) {
  if (strchr(name, '/') != nullptr) {
    out->add(name);
    return check_executable(name);
  }
  for (const char* cursor = directories; *cursor != '\0';) {
    const size_t length = strcspn(cursor, ":");
    out->clear();
    if (length > 0) out->add(cursor, length).add("/");
    out->add(name);
    if (!out->cut() && name[0] != '\0' && check_executable(out->c_str()) == 0) return 0;
    cursor += length;
    if (*cursor == ':') cursor++;
  }
  return ENOENT;
}

char** pointers(StringList list) {
  auto** result = static_cast<char**>(malloc((list.count + 1) * sizeof(char*)));
  if (result == nullptr) return nullptr;
  const char* entry = list.first;
  for (uint32_t i = 0; i < list.count; i++, entry += strlen(entry) + 1) result[i] = const_cast<char*>(entry);
  result[list.count] = nullptr;
  return result;
}

}  // namespace

Text<16> oom_score_text(const Op& op) {
  const int64_t value = static_cast<int64_t>(op.n1) - 1000;
  Text<16> text;
  text.add(value < 0 ? "-" : "").number(static_cast<uint64_t>(value < 0 ? -value : value));
  return text;
}

Status open_host_files(const Plan& plan, ProcessState* state) {
  if (plan.find(OpCode::kOomScore) != nullptr && !state->mapped) {
    state->oom_score.reset(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (!state->oom_score) return last_error("open", "", "/proc/self/oom_score_adj");
  }
  if (const Op* op = plan.find(OpCode::kSecurityLabel); op != nullptr) {
    Text<PATH_MAX> path;
    path.add("/proc/self/attr/").add(plan.text(op->s1));
    state->security_label.reset(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!state->security_label) return last_error("open", "", plan.text(op->s1));
  }
  return {};
}

Status apply_process(const Plan& plan, const Op& op, ProcessState* state) {
  switch (op.code) {
    case OpCode::kOomScore:
      return write_oom_score(op, *state);
    case OpCode::kHostname:
      return sethostname(plan.text(op.s1), strlen(plan.text(op.s1))) < 0 ? Status(last_error("sethostname")) : Status();
    case OpCode::kDomainname:
      return setdomainname(plan.text(op.s1), strlen(plan.text(op.s1))) < 0 ? Status(last_error("setdomainname"))
                                                                           : Status();
    case OpCode::kLoopbackUp:
      return bring_loopback_up();
    case OpCode::kResourceLimit:
      return set_limit(op);
    case OpCode::kUmask:
      umask(static_cast<mode_t>(op.n1));
      return {};
    case OpCode::kWorkingDirectory:
      return change_directory(plan, op, state);
    case OpCode::kNoNewPrivileges:
      return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? Status(last_error("prctl")) : Status();
    case OpCode::kSeccomp:
      return load_seccomp(plan, op);
    case OpCode::kBoundingSet:
      return limit_bounding_set(op.n1);
    case OpCode::kUser:
      return change_user(plan, op, state);
    case OpCode::kCapabilities:
      return apply_capabilities(plan, op);
    case OpCode::kSecurityLabel:
      return write(state->security_label.get(), plan.text(op.s2), strlen(plan.text(op.s2))) < 0
                 ? Status(last_error("write"))
                 : Status();
    case OpCode::kSessionKeyring:
      // Kernels without keyrings have none to leak either; a full quota leaves the shim's, which is empty.
      syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
      return {};
    default:
      return {};
  }
}

Error execute(const Plan& plan, const Op& op) {
  const StringList environment = plan.list(op.s2, op.n2);
  static Text<PATH_MAX> path;
  const char* name = plan.text(op.s1);
  const int missing = look_up(name, search_path(environment), &path);
  if (missing != 0) return Error{missing, "lookup", "", name};
  char** argv = pointers(plan.list(op.s1, op.n1));
  char** envp = pointers(environment);
  if (argv == nullptr || envp == nullptr) return Error{ENOMEM, "malloc", "", ""};
  execve(path.c_str(), argv, envp);
  return Error{errno, "execve", "", path.c_str()};
}

}  // namespace tsd::shim
