// Result<T>: a value, or what failed. The core throws nothing, prints nothing and never exits.
#pragma once
#include <cerrno>
#include <optional>
#include <utility>

namespace tsd {

// What failed: errno, the system call, the step it was part of and the path it was about.
// The strings are literals or outlive the error (plan memory); nothing here allocates.
struct Error {
  int errnum = 0;
  const char* syscall = "";
  const char* step = "";
  const char* path = "";
};

inline Error last_error(const char* syscall, const char* step = "", const char* path = "") {
  return Error{errno, syscall, step, path};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(error) {}
  bool ok() const { return value_.has_value(); }
  T& value() { return *value_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

// Result without a value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(error), failed_(true) {}
  bool ok() const { return !failed_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace tsd
