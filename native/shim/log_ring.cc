#include "shim/log_ring.h"

#include <string.h>
#include <sys/mman.h>

#include <new>

namespace tsd::shim {

Status LogRing::create(uint64_t max_bytes, uint32_t longest) {
  const uint64_t least = sizeof(Entry) + longest;
  max_bytes_ = max_bytes;
  capacity_ = max_bytes > least ? max_bytes : least;
  void* memory = mmap(nullptr, sizeof(Shared) + capacity_, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return last_error("mmap", "log buffer", "");
  shared_ = new (memory) Shared{};
  data_ = static_cast<char*>(memory) + sizeof(Shared);
  return {};
}

bool LogRing::push(const Entry& entry, const char* line, bool* was_empty) {
  const uint64_t head = shared_->head.load();
  const uint64_t used = head - shared_->tail.load();
  const uint64_t size = sizeof entry + entry.length;
  if (used > 0 && used + size > max_bytes_) return false;
  put(head, &entry, sizeof entry);
  put(head + sizeof entry, line, entry.length);
  shared_->head.store(head + size);
  *was_empty = shared_->tail.load() == head;
  return true;
}

bool LogRing::front(Entry* entry) const {
  const uint64_t tail = shared_->tail.load();
  if (tail == shared_->head.load()) return false;
  get(tail, entry, sizeof *entry);
  return true;
}

void LogRing::take(const Entry& entry, char* line) {
  const uint64_t tail = shared_->tail.load();
  get(tail + sizeof entry, line, entry.length);
  shared_->tail.store(tail + sizeof entry + entry.length);
}

void LogRing::put(uint64_t at, const void* bytes, uint64_t length) {
  const uint64_t start = at % capacity_;
  const uint64_t first = length < capacity_ - start ? length : capacity_ - start;
  memcpy(data_ + start, bytes, first);
  memcpy(data_, static_cast<const char*>(bytes) + first, length - first);
}

void LogRing::get(uint64_t at, void* bytes, uint64_t length) const {
  const uint64_t start = at % capacity_;
  const uint64_t first = length < capacity_ - start ? length : capacity_ - start;
  memcpy(bytes, data_ + start, first);
  memcpy(static_cast<char*>(bytes) + first, data_, length - first);
}

}  // namespace tsd::shim
