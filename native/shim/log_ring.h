// Lines on their way to a slow log: a buffer of bounded size in memory that the shim shares with the process that
// writes them. One side puts in, the other takes out; neither ever waits for the other.
#pragma once
#include <stdint.h>
#include <time.h>

#include <atomic>

#include "core/error.h"

namespace tsd::shim {

class LogRing {
 public:
  struct Entry {
    timespec started;
    uint32_t length;
    uint8_t stream, complete, continues;
  };

  // max_bytes counts what is kept of an entry besides its line, too. `longest` line always fits into an empty ring.
  Status create(uint64_t max_bytes, uint32_t longest);
  bool is_open() const { return shared_ != nullptr; }
  // In the process that takes out: this object only puts through, no longer into the ring.
  void leave() { shared_ = nullptr; }

  // False: it did not fit and is dropped; what waits is older and goes first. `was_empty`: the other side may sleep.
  bool push(const Entry& entry, const char* line, bool* was_empty);
  // The oldest entry; false: there is none.
  bool front(Entry* entry) const;
  // Its line, for which `line` has room, and the entry is gone.
  void take(const Entry& entry, char* line);

  // Rotations, told by the process that writes to the one that asks.
  void add_rotation() { shared_->rotations.fetch_add(1); }
  uint32_t rotations() const { return shared_->rotations.load(); }
  // The wish for a reopened file, the other way.
  void request_reopen() { shared_->reopen.store(true); }
  bool take_reopen() { return shared_->reopen.exchange(false); }

 private:
  struct Shared {
    // Bytes that were ever put in, and ever taken out. Sequentially consistent: after the last entry one side looks
    // whether there is another, and the other side whether somebody sleeps, and one of the two must see it.
    std::atomic<uint64_t> head, tail;
    std::atomic<uint32_t> rotations;
    std::atomic<bool> reopen;
  };

  void put(uint64_t at, const void* bytes, uint64_t length);
  void get(uint64_t at, void* bytes, uint64_t length) const;

  Shared* shared_ = nullptr;
  char* data_ = nullptr;
  uint64_t capacity_ = 0;
  uint64_t max_bytes_ = 0;
};

}  // namespace tsd::shim
