#include "core/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/files.h"
#include "core/text.h"

namespace tsd {
namespace {

using Path = Text<PATH_MAX>;

Path file_of(const char* directory, const char* name) {
  Path path;
  path.add(directory).add("/").add(name);
  return path;
}

// Calls visit(path) for each directory directly below.
template <typename Visit>
void each_child(const char* directory, Visit visit) {
  UniqueFd fd(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return;
  alignas(8) char buffer[4096];
  for (;;) {
    const long got = syscall(SYS_getdents64, fd.get(), buffer, sizeof buffer);
    if (got <= 0) return;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      visit(file_of(directory, entry->d_name).c_str());
    }
  }
}

// The number behind `key ` in a file of "key value" lines.
uint64_t keyed_number(const char* path, const char* key) {
  char buffer[4096];
  if (read_file(path, buffer, sizeof buffer) <= 0) return 0;
  const size_t length = strlen(key);
  for (const char* line = buffer; line != nullptr; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, key, length) == 0 && line[length] == ' ') return parse_number(line + length + 1);
  }
  return 0;
}

int kill_tree(const char* directory, int depth) {
  char buffer[16384];
  if (read_file(file_of(directory, "cgroup.procs").c_str(), buffer, sizeof buffer) < 0) return -1;
  int seen = 0;
  for (const char* line = buffer; *line != '\0';) {
    const pid_t pid = static_cast<pid_t>(parse_number(line));
    // 0 is a process of a pid namespace we do not see.
    if (pid > 0 && kill(pid, SIGKILL) == 0) seen++;
    const char* end = strchr(line, '\n');
    if (end == nullptr) break;
    line = end + 1;
  }
  if (depth < 16) {
    each_child(directory, [&](const char* child) {
      const int below = kill_tree(child, depth + 1);
      if (below > 0) seen += below;
    });
  }
  return seen;
}

}  // namespace

int kill_cgroup(const char* directory) {
  // Version 2 has one write for the whole tree.
  if (write_file(file_of(directory, "cgroup.kill").c_str(), "1").ok()) {
    return keyed_number(file_of(directory, "cgroup.events").c_str(), "populated") > 0 ? 1 : 0;
  }
  return kill_tree(directory, 0);
}

bool remove_cgroup(const char* directory) {
  if (rmdir(directory) == 0 || errno == ENOENT) return true;
  each_child(directory, [](const char* child) { remove_cgroup(child); });
  return rmdir(directory) == 0 || errno == ENOENT;
}

uint64_t oom_kill_count(const char* directory, int version) {
  return keyed_number(file_of(directory, version == 1 ? "memory.oom_control" : "memory.events").c_str(), "oom_kill");
}

Status join_tasks(const int* files, int count) {
  for (int i = 0; i < count; i++) {
    if (write(files[i], "0", 1) < 0) return last_error("write", "cgroup");
  }
  return {};
}

Status join_directory(int directory) {
  UniqueFd procs(openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (!procs || write(procs.get(), "0", 1) < 0) return last_error("write", "cgroup");
  return {};
}

Result<UniqueFd> watch_oom(const char* directory, int version) {
  if (version == 2) {
    UniqueFd watch(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const Path events = file_of(directory, "memory.events");
    if (!watch || inotify_add_watch(watch.get(), events.c_str(), IN_MODIFY) < 0) return last_error("inotify_add_watch");
    return Result<UniqueFd>(std::move(watch));
  }
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd control(open(file_of(directory, "memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
  if (!event || !control) return last_error("open");
  Text<64> line;
  line.number(static_cast<uint64_t>(event.get())).add(" ").number(static_cast<uint64_t>(control.get()));
  const Status registered = write_file(file_of(directory, "cgroup.event_control").c_str(), line.c_str());
  if (!registered.ok()) return registered.error();
  return Result<UniqueFd>(std::move(event));
}

Status set_frozen(const char* directory, int version, bool frozen) {
  if (version == 2) return write_file(file_of(directory, "cgroup.freeze").c_str(), frozen ? "1" : "0");
  return write_file(file_of(directory, "freezer.state").c_str(), frozen ? "FROZEN" : "THAWED");
}

int frozen_state(const char* directory, int version) {
  if (version == 2) return keyed_number(file_of(directory, "cgroup.events").c_str(), "frozen") > 0 ? 1 : 0;
  char buffer[32];
  if (read_file(file_of(directory, "freezer.state").c_str(), buffer, sizeof buffer) <= 0) return -1;
  return strncmp(buffer, "FROZEN", 6) == 0 ? 1 : 0;
}

Status attach_device_program(const char* directory, const void* instructions, size_t bytes) {
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<uint64_t>(instructions);
  load.insn_cnt = static_cast<uint32_t>(bytes / sizeof(bpf_insn));
  load.license = reinterpret_cast<uint64_t>("Apache");
  UniqueFd program(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load)));
  if (!program) return last_error("bpf", "cgroup devices", directory);
  UniqueFd group(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) return last_error("open", "cgroup devices", directory);
  bpf_attr attach{};
  attach.target_fd = static_cast<uint32_t>(group.get());
  attach.attach_bpf_fd = static_cast<uint32_t>(program.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) < 0)
    return last_error("bpf", "cgroup devices", directory);
  return {};
}

}  // namespace tsd
