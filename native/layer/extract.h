// Writes the entries of one layer below the current root, as overlayfs wants a lower directory.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/fd.h"
#include "layer/input.h"
#include "layer/tar.h"

namespace tsd::layer {

struct ExtractOptions {
  // The archive is an image's layer: `.wh.` names are whiteouts. Otherwise they are names like others.
  bool layer = true;
  // Directory, cleaned, below which everything is put; "" is the root.
  std::string prefix;
  // A directory is never replaced by something else, nor the other way round.
  bool keep_kinds = false;
  // Owner of everything, in place of the archive's; -1: the archive's.
  int64_t uid = -1;
  int64_t gid = -1;
};

class Extractor {
 public:
  // `root`: the descriptor of the directory that is this process' root.
  Extractor(int root, Input& input, const ExtractOptions& options) : root_(root), input_(input), options_(options) {}

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
  bool write_piece(int file, uint64_t size, const std::string& path);
  bool apply_metadata(int file, int parent, const std::string& path, const std::string& base, const Entry& entry);
  bool apply_xattrs(int file, int parent, const std::string& path, const std::string& base, const Entry& entry);
  bool apply_root(const Entry& entry);
  bool keeps_kind(const Entry& entry, int parent, const std::string& path, const std::string& base);

  int root_;
  Input& input_;
  const ExtractOptions& options_;
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
