// The plan's operations on the container's process itself, and the execve at their end.
#pragma once
#include "core/fd.h"
#include "core/text.h"
#include "shim/plan.h"

namespace tsd::shim {

struct ProcessState {
  int root = -1;
  bool mapped = false;  // the out-of-memory score has been set from outside
  UniqueFd oom_score, security_label;
  const char* directory_to_retry = nullptr;  // the working directory root could not enter
};

// What a kOomScore operation writes.
Text<16> oom_score_text(const Op& op);

// Opens what lies in the host's /proc, before the root changes.
Status open_host_files(const Plan& plan, ProcessState* state);

// Does nothing for operations of another kind.
Status apply_process(const Plan& plan, const Op& op, ProcessState* state);

// Looks argv[0] up as the program's own PATH says and executes it. Returns only to say why it did not.
Error execute(const Plan& plan, const Op& op);

}  // namespace tsd::shim
