// Packs a tree, or one file, into a tar archive. Names are in the order of their bytes, so the same tree gives the same
// archive; sockets are left out, as they mean nothing elsewhere.
#pragma once
#include <stdint.h>
#include <sys/stat.h>

#include <string>
#include <unordered_map>

#include "layer/tar_writer.h"

namespace tsd::layer {

struct PackOptions {
  // Path below the root of what is packed; "" is the root itself.
  std::string path;
  // What it is called in the archive; "" leaves the entry of the top itself out of the names below it.
  std::string name;
  // Overlayfs' marks of removed names become those of a layer (`.wh.`).
  bool whiteouts = false;
};

class Packer {
 public:
  Packer(int root, TarWriter& writer, const PackOptions& options) : root_(root), writer_(writer), options_(options) {}

  // False: message() says why.
  bool run();
  uint64_t entries() const { return entries_; }
  const std::string& message() const { return message_; }

 private:
  bool fail(const std::string& path, const char* action, int error);
  bool add(int parent, const char* base, const std::string& name, int depth);
  bool add_directory(int fd, const std::string& name, int depth);
  bool add_children(int fd, const std::string& name, int depth);
  bool whiteout(const struct stat& st, const std::string& name);
  bool describe(int parent, const char* base, const struct stat& st, const std::string& name, Entry* entry);
  bool read_xattrs(int file, Entry* entry);

  int root_;
  TarWriter& writer_;
  const PackOptions& options_;
  std::unordered_map<std::string, std::string> links_;
  uint64_t entries_ = 0;
  std::string message_;
};

}  // namespace tsd::layer
