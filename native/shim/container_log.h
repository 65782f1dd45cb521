// The container's log in docker's json-file or local format, rotated by size, written whatever clients do.
#pragma once
#include <stdint.h>
#include <time.h>

#include "core/error.h"
#include "core/fd.h"
#include "shim/log_ring.h"

namespace tsd::shim {

enum class LogFormat { kJsonFile, kLocal };

class ContainerLog {
 public:
  // `path` and `attributes` outlive the log. attributes: a JSON object that each json-file record carries, or "".
  // The directory of a local log is made.
  // max_bytes 0: never rotated. files counts the current one; below 2 it is emptied instead.
  Status open(LogFormat format, const char* path, const char* attributes, uint64_t max_bytes, uint32_t files);
  // After open(): from now on what the file does not take at once waits in memory, and is dropped when that is full.
  // log_writer.cc
  Status open_without_waiting(uint64_t max_buffer_bytes);
  bool is_open() const { return file_ || ring_.is_open(); }
  // Opens the path again, after somebody has moved the file away.
  Status reopen();

  // Output as it was read. Lines are kept until they end, at most 16 KiB; longer ones are split.
  void add(int stream, const char* data, size_t length);
  // The rest of a line, at the end of a stream.
  void end(int stream);
  // One write for everything since the last flush.
  void flush();
  // Nothing more will come: all is written when it returns, or cannot be written.
  void finish();
  // Whether the log was rotated since the last call.
  bool take_rotated();

 private:
  static constexpr size_t kMaxLine = 16 * 1024;
  static constexpr size_t kBuffer = 64 * 1024;

  static constexpr size_t kIdLength = 64;

  struct Line {
    char data[kMaxLine];
    size_t length = 0;
    bool continues = false;  // the parts before this one were written
    timespec started{};      // time of the first part, which all parts carry
    char id[kIdLength];      // what the parts have in common, in the local format
    uint32_t ordinal = 0;
  };

  Status open_file();
  void entry(int stream, Line& line, bool complete);
  void write_entry(int stream, Line& line, bool complete);
  void json_record(int stream, const Line& line, bool complete);
  void local_record(int stream, Line& line, bool complete);
  // False: the last record was torn by a crash, and nothing may follow it.
  bool ends_whole() const;
  void escaped(const char* data, size_t length);
  void put(const char* data, size_t length);
  Status start_writer();
  [[noreturn]] void run_writer(int wake);
  void push(int stream, const Line& line, bool complete);
  void wake_writer();
  void rotate();
  bool shift_rotated();

  LogFormat format_ = LogFormat::kJsonFile;
  const char* path_ = nullptr;
  const char* attributes_ = nullptr;
  size_t attributes_length_ = 0;
  uint64_t max_bytes_ = 0, size_ = 0;
  uint32_t files_ = 1;
  bool rotated_ = false;
  LogRing ring_;
  uint32_t seen_rotations_ = 0;
  UniqueFd wake_, writer_;  // a socket to the process that writes, and that process
  UniqueFd file_;
  Line lines_[2];
  char buffer_[kBuffer];
  size_t used_ = 0;
};

// RFC 3339 in UTC with the fraction's trailing zeros cut, as Go prints it. Returns the length; `out` has room for 40.
size_t format_time(const timespec& time, char* out);

}  // namespace tsd::shim
