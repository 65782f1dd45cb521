// For a child of clone(2) that runs in our memory: a stack of its own, and no handler of ours.
#pragma once
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tsd {

class ChildStack {
 public:
  // False with errno when there is no memory.
  explicit ChildStack(size_t bytes)
      : memory_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)),
        bytes_(bytes) {}
  ~ChildStack() {
    if (*this) munmap(memory_, bytes_);
  }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;

  explicit operator bool() const { return memory_ != MAP_FAILED; }
  void* top() const { return static_cast<char*>(memory_) + bytes_; }

 private:
  void* memory_;
  size_t bytes_;
};

// While it lives, this thread and what it clones get no signal. Raw calls: libc keeps some signals for itself.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    const unsigned long all = ~0UL;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, 8);
  }
  ~SignalsBlocked() { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, 8); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  unsigned long before_ = 0;
};

}  // namespace tsd
