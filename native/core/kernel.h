// System calls and constants that the oldest supported C library does not have, by their kernel names.
#pragma once
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace tsd::kernel {

// mount_setattr(2)
constexpr uint64_t kAttrReadOnly = 0x1, kAttrNoSuid = 0x2, kAttrNoDev = 0x4, kAttrNoExec = 0x8;
constexpr uint64_t kAttrIdMap = 0x100000;
constexpr unsigned kRecursive = 0x8000;    // AT_RECURSIVE
constexpr unsigned kOpenTreeClone = 1;     // OPEN_TREE_CLONE
constexpr unsigned kMoveFromEmpty = 0x04;  // MOVE_MOUNT_F_EMPTY_PATH
constexpr unsigned kMoveToEmpty = 0x40;    // MOVE_MOUNT_T_EMPTY_PATH
constexpr unsigned kConfigFlag = 0, kConfigString = 1, kConfigFd = 5, kConfigCreate = 6;
constexpr uint64_t kResolveInRoot = 0x10, kResolveNoSymlinks = 0x04;
constexpr uint64_t kCloneIntoCgroup = 0x200000000ULL;

struct MountAttributes {
  uint64_t set = 0, clear = 0, propagation = 0, userns_fd = 0;
};

struct OpenHow {
  uint64_t flags = 0, mode = 0, resolve = 0;
};

struct CloneArguments {
  uint64_t flags = 0, pidfd = 0, child_tid = 0, parent_tid = 0, exit_signal = 0, stack = 0, stack_size = 0, tls = 0,
           set_tid = 0, set_tid_size = 0, cgroup = 0;
};

inline int fsopen(const char* type) { return static_cast<int>(syscall(SYS_fsopen, type, 1)); }
inline int fsconfig(int fd, unsigned command, const char* key, const char* value) {
  return static_cast<int>(syscall(SYS_fsconfig, fd, command, key, value, 0));
}
inline int fsconfig_fd(int fd, const char* key, int value) {
  return static_cast<int>(syscall(SYS_fsconfig, fd, kConfigFd, key, nullptr, value));
}
inline int fsmount(int fd, unsigned attributes) { return static_cast<int>(syscall(SYS_fsmount, fd, 1, attributes)); }
inline int open_tree(int dir, const char* path, unsigned flags) {
  return static_cast<int>(syscall(SYS_open_tree, dir, path, flags));
}
inline int move_mount(int from, int to_dir, const char* to_path, unsigned flags) {
  return static_cast<int>(syscall(SYS_move_mount, from, "", to_dir, to_path, flags));
}
inline int mount_setattr(int fd, unsigned flags, const MountAttributes& attributes) {
  return static_cast<int>(syscall(442, fd, "", flags | AT_EMPTY_PATH, &attributes, sizeof attributes));
}
inline int openat2(int dir, const char* path, const OpenHow& how) {
  return static_cast<int>(syscall(437, dir, path, &how, sizeof how));
}
inline pid_t clone3(const CloneArguments& arguments) {
  return static_cast<pid_t>(syscall(435, &arguments, sizeof arguments));
}
inline int pidfd_open(pid_t pid) { return static_cast<int>(syscall(434, pid, 0)); }

}  // namespace tsd::kernel
