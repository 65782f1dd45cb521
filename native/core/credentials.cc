#include "core/credentials.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tsd {

Status limit_bounding_set(uint64_t kept) {
  for (unsigned long capability = 0; capability < 64; capability++) {
    if ((kept >> capability & 1) != 0) continue;
    // EINVAL: beyond the last one this kernel knows.
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
      if (errno == EINVAL) break;
      return last_error("prctl");
    }
  }
  return {};
}

Status become_user(uint32_t uid, uint32_t gid, const uint32_t* groups, uint32_t group_count) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return last_error("prctl");
  if (syscall(SYS_setgroups, group_count, groups) < 0) return last_error("setgroups");
  if (syscall(SYS_setresgid, gid, gid, gid) < 0) return last_error("setresgid");
  if (syscall(SYS_setresuid, uid, uid, uid) < 0) return last_error("setresuid");
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) return last_error("prctl");
  return {};
}

FileSystemIdentity act_on_files_as(FileSystemIdentity who) {
  const FileSystemIdentity before{static_cast<uint32_t>(syscall(SYS_setfsuid, who.uid)),
                                  static_cast<uint32_t>(syscall(SYS_setfsgid, who.gid))};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) < 0) return before;
  for (auto& word : data) word.effective = word.permitted;
  syscall(SYS_capset, &header, data);
  return before;
}

Status set_capabilities(const CapabilitySets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  for (unsigned i = 0; i < 2; i++) {
    data[i].effective = static_cast<uint32_t>(sets.effective >> (32 * i));
    data[i].permitted = static_cast<uint32_t>(sets.permitted >> (32 * i));
    data[i].inheritable = static_cast<uint32_t>(sets.inheritable >> (32 * i));
  }
  if (syscall(SYS_capset, &header, data) < 0) return last_error("capset");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) return last_error("prctl");
  for (unsigned long capability = 0; capability < 64; capability++) {
    if ((sets.ambient >> capability & 1) == 0) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) return last_error("prctl");
  }
  return {};
}

}  // namespace tsd
