// Writes the entries of one layer below the current root, as overlayfs wants a lower directory.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/fd.h"
#include "layer/input.h"
#include "layer/tar.h"

namespace tsd::layer {

class Extractor {
 public:
  // `root`: the descriptor of the directory that is this process' root.
  Extractor(int root, Input& input) : root_(root), input_(input) {}

  // False: message() says why.
  bool add(Entry& entry);
  // Sets what later entries would have changed: the directories' times.
  bool finish();
  // The archive has an entry for the root itself.
  bool has_root() const { return has_root_; }
  uint64_t entries() const { return entries_; }
  const std::string& message() const { return message_; }

 private:
  bool fail(const std::string& path, const char* action, int error);
  bool open_parent(const std::string& path, std::string* base, int* parent);
  bool make_parents(const std::string& directory);
  bool whiteout(int parent, const std::string& path, const std::string& base, const Entry& entry);
  bool create(const Entry& entry, int parent, const std::string& path, const std::string& base);
  bool make_node(const Entry& entry, int parent, const std::string& path, const std::string& base, int* file);
  bool make_directory(int parent, const std::string& path, const std::string& base);
  bool hard_link(const Entry& entry, int parent, const std::string& path, const std::string& base);
  bool make_way(int parent, const std::string& path, const std::string& base, bool for_directory, bool* merge);
  bool write_content(int file, const Entry& entry, const std::string& path);
  bool apply_metadata(int file, int parent, const std::string& path, const std::string& base, const Entry& entry);
  bool apply_xattrs(int file, int parent, const std::string& path, const std::string& base, const Entry& entry);
  bool apply_root(const Entry& entry);

  int root_;
  Input& input_;
  UniqueFd parent_;
  std::string parent_path_;
  bool parent_known_ = false;
  // Directories made under a whiteout of the same layer hide what is below.
  bool opaque_next_ = false;
  std::vector<std::pair<std::string, struct timespec>> directory_times_;
  bool has_root_ = false;
  uint64_t entries_ = 0;
  std::string message_;
};

}  // namespace tsd::layer
