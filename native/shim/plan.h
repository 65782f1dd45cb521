// The plan: one flat message that says what to do for a container or an exec. Made by the daemon's plan encoder
// (packages/daemon/src/runtime/shim/plan-format.ts holds the same numbers). Header, operations in order, a table of
// zero-terminated strings and blobs. Operations name table entries by offset.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/mounts.h"

namespace tsd::shim {

constexpr uint32_t kPlanMagic = 0x50445354;  // "TSDP"
constexpr uint16_t kPlanVersion = 1;
constexpr uint32_t kMaxPlanBytes = 8 << 20;

enum class OpCode : uint16_t {
  // The shim's, before the container exists.
  kRuntimeDirectory = 1,  // s1 path; n2 descriptors from n1 on are held until the container has ended
  kCgroupDirectory = 2,   // s1 path; flag 1: removed at the end
  kCgroupWrite = 3,       // s1 path, s2 value; flag 1: may be missing or unsupported
  kCgroupJoin = 4,        // s1 path; n1 version
  kCgroupDevices = 5,     // s1 blob of n1 bytes, s2 directory
  kCgroupMemory = 6,      // s1 directory; n1 version
  kCgroupFreezer = 7,     // s1 directory; n1 version
  kLog = 8,  // s1 path, s2 attributes; n1 size to rotate at (0: never), n2 files; flags kLogLocal, kLogNonBlocking (s3
             // bytes)
  kStdio = 9,           // flags kTerminal, kStdin, kStdinOnce; n1 rows, n2 columns
  kOverlay = 10,        // s1 first of n1 lowers, s2 upper, s3 work; flags 1 volatile, 2 classic
  kNamespaces = 11,     // n1 CLONE_NEW* to make
  kJoinNamespace = 12,  // s1 path, or n2 = descriptor + 1; n1 CLONE_NEW*; of CLONE_NEWUSER s2, s3 its root's uid, gid
  kNote = 13,           // s1 blob of n1 bytes: the daemon's words about the process, kept for the next daemon
  // The container's, in order.
  kOomScore = 20,         // n1 value + 1000
  kMount = 21,            // s1 type, s2 source, s3 target; n1 attributes, n2 options: offset << 32 | count
  kBind = 22,             // s1 source, s3 target; flags kBind*; n1 set | clear << 32, n2 propagation
  kRemountReadOnly = 23,  // s1 path
  kMakeDirectory = 24,    // s1 path
  kSymlink = 25,          // s1 target, s2 link
  kDevice = 26,           // s1 path, s2 uid, s3 gid; n1 mode with type, n2 major << 32 | minor
  kMask = 27,             // s1 path
  kReadOnlyPath = 28,     // s1 path
  kConsole = 29,
  kHostname = 30,    // s1
  kDomainname = 31,  // s1
  kSysctl = 32,      // s1 path below /proc/sys, s2 value
  kLoopbackUp = 33,
  kResourceLimit = 34,     // s2 resource; n1 soft, n2 hard
  kUmask = 35,             // n1
  kWorkingDirectory = 36,  // s1; flag 1: make it when missing
  kNoNewPrivileges = 37,
  kSeccomp = 38,        // s1 blob of n1 bytes; n2 SECCOMP_FILTER_FLAG_*
  kBoundingSet = 39,    // n1 kept
  kUser = 40,           // s2 uid, s3 gid, s1 blob of n1 groups
  kCapabilities = 41,   // s1 blob: effective, permitted, inheritable, ambient
  kSecurityLabel = 42,  // s1 file below /proc/self/attr, s2 value
  kWaitForGo = 44,
  kExecute = 45,  // s1 first of n1 arguments, s2 first of n2 environment strings
  kSessionKeyring = 46,
  kDropFirstTree = 47,  // with a user namespace: nothing is mounted any more
};

constexpr uint16_t kLogLocal = 1, kLogNonBlocking = 2;
constexpr uint16_t kTerminal = 1, kStdin = 2, kStdinOnce = 4;
constexpr uint16_t kBindRecursive = 1, kBindAttributesRecursive = 2, kBindPropagationRecursive = 4, kBindMapped = 8;

struct PlanHeader {
  uint32_t magic;
  uint16_t version, reserved;
  uint32_t op_count, table_bytes;
};

struct Op {
  OpCode code;
  uint16_t flags;
  uint32_t s1, s2, s3;
  uint64_t n1, n2;
};
static_assert(sizeof(PlanHeader) == 16 && sizeof(Op) == 32);

class Plan {
 public:
  // Checks every bound, so that the accessors need not. The bytes stay the caller's.
  static Result<Plan> parse(const void* bytes, size_t length);

  uint32_t size() const { return header_->op_count; }
  const Op& op(uint32_t index) const { return ops_[index]; }
  // The first operation with this code, or null.
  const Op* find(OpCode code) const;
  const char* text(uint32_t offset) const { return table_ + offset; }
  const void* blob(uint32_t offset) const { return table_ + offset; }
  StringList list(uint32_t offset, uint64_t count) const { return {table_ + offset, static_cast<uint32_t>(count)}; }

 private:
  const PlanHeader* header_ = nullptr;
  const Op* ops_ = nullptr;
  const char* table_ = nullptr;
};

}  // namespace tsd::shim
