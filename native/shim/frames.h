// Frames between the daemon and a shim: u32 payload length, u8 type, u8 stream, u16 session, payload; little endian.
// Session 0 is the container's own process, others are execs, numbered by the daemon. A frame's meaning never changes:
// a daemon may speak to shims of an older version. packages/daemon/src/runtime/shim/frames.ts holds the same numbers.
#pragma once
#include <stdint.h>

namespace tsd::shim {

constexpr uint16_t kProtocolVersion = 1;
constexpr uint32_t kMaxFrame = 8 << 20;

enum class FrameType : uint8_t {
  // To the shim. Requests begin with a u32 request number, which RESULT repeats.
  kHello = 1,   // u16 version: this connection gets events; first the notes, then kWelcome
  kAttach = 2,  // stream: bit 0 stdin, 1 stdout, 2 stderr; this connection carries that session's data
  kStdin = 3,   // data
  kCloseStdin = 4,
  kResize = 5,      // u32 request, u16 rows, u16 columns
  kSignal = 6,      // u32 request, u32 number
  kFreeze = 7,      // u32 request
  kThaw = 8,        // u32 request
  kExec = 9,        // u32 request, plan
  kReopenLog = 10,  // u32 request
  kGo = 11,         // run the program
  // From the shim.
  kWelcome = 65,      // u16 version, u8 state, u8 frozen, i32 pid, u64 started, u16 sessions...
  kStarted = 66,      // i32 pid, u64 unix nanoseconds
  kFailed = 67,       // u32 operation, i32 errno, call, path (zero-terminated)
  kOutput = 68,       // stream 1 or 2, data
  kExecStarted = 69,  // u32 request, i32 pid
  kExecFailed = 70,   // u32 request, then as kFailed
  kExecExit = 71,     // i32 code, u8 oom, u64 unix nanoseconds
  kOom = 72,
  kExit = 73,  // as kExecExit
  kGone = 74,
  kResult = 75,  // u32 request, i32 errno
  kEnd = 76,     // no more output on this connection
  kNote = 77,  // i32 pid, what the daemon that started the process noted; kExecExit follows for an exec that has ended
  kLogRotated = 78,
};

struct FrameHeader {
  uint32_t length;
  FrameType type;
  uint8_t stream;
  uint16_t session;
};
static_assert(sizeof(FrameHeader) == 8);

enum class ShimState : uint8_t { kStarting = 0, kRunning = 1, kExited = 2 };

}  // namespace tsd::shim
