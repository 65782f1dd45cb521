#include "shim/plan.h"

#include <errno.h>
#include <string.h>

namespace tsd::shim {
namespace {

struct Table {
  const char* start;
  uint32_t bytes;

  bool has_bytes(uint64_t offset, uint64_t count) const { return offset <= bytes && count <= bytes - offset; }
  // The table ends in a zero, so an offset inside it is a string.
  bool has_text(uint64_t offset) const { return offset < bytes; }
  bool has_list(uint64_t offset, uint64_t count) const {
    for (uint64_t i = 0; i < count; i++) {
      if (!has_text(offset)) return false;
      offset += strlen(start + offset) + 1;
    }
    return true;
  }
};

bool valid(const Op& op, const Table& table) {
  switch (op.code) {
    case OpCode::kDevice:
    case OpCode::kResourceLimit:
    case OpCode::kJoinNamespace:
      return table.has_text(op.s1);
    case OpCode::kLog:
      return table.has_text(op.s1) && table.has_text(op.s2);
    case OpCode::kUser:
      return op.n1 <= 65536 && table.has_bytes(op.s1, op.n1 * 4);
    case OpCode::kCapabilities:
      return table.has_bytes(op.s1, 32);
    case OpCode::kNote:
      return op.n1 <= UINT32_MAX && table.has_bytes(op.s1, op.n1);
    case OpCode::kSeccomp:
    case OpCode::kCgroupDevices:
      return table.has_bytes(op.s1, op.n1) && table.has_text(op.s2);
    case OpCode::kOverlay:
      return table.has_list(op.s1, op.n1) && table.has_text(op.s2) && table.has_text(op.s3);
    case OpCode::kExecute:
      return op.n1 > 0 && table.has_list(op.s1, op.n1) && table.has_list(op.s2, op.n2);
    case OpCode::kMount:
      if (!table.has_list(op.n2 >> 32, op.n2 & 0xffffffff)) return false;
      [[fallthrough]];
    default:
      return table.has_text(op.s1) && table.has_text(op.s2) && table.has_text(op.s3);
  }
}

}  // namespace

Result<Plan> Plan::parse(const void* bytes, size_t length) {
  const Error invalid{EINVAL, "parse", "plan", ""};
  Plan plan;
  plan.header_ = static_cast<const PlanHeader*>(bytes);
  if (length < sizeof(PlanHeader) || length > kMaxPlanBytes) return invalid;
  const PlanHeader& header = *plan.header_;
  if (header.magic != kPlanMagic || header.version != kPlanVersion) return invalid;
  const uint64_t expected = sizeof(PlanHeader) + uint64_t{header.op_count} * sizeof(Op) + header.table_bytes;
  if (expected != length || header.table_bytes == 0) return invalid;
  plan.ops_ = reinterpret_cast<const Op*>(plan.header_ + 1);
  plan.table_ = reinterpret_cast<const char*>(plan.ops_ + header.op_count);
  if (plan.table_[header.table_bytes - 1] != '\0') return invalid;
  const Table table{plan.table_, header.table_bytes};
  for (uint32_t i = 0; i < header.op_count; i++) {
    if (!valid(plan.ops_[i], table)) return Error{EINVAL, "parse", "plan", ""};
  }
  return plan;
}

const Op* Plan::find(OpCode code) const {
  for (uint32_t i = 0; i < size(); i++) {
    if (ops_[i].code == code) return &ops_[i];
  }
  return nullptr;
}

}  // namespace tsd::shim
