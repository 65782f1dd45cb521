// Names that layers and overlayfs give a meaning, and names of directories.
#pragma once
#include <sys/stat.h>

#include <string>
#include <vector>

namespace tsd::layer {

inline constexpr char kWhiteout[] = ".wh.";
inline constexpr char kWhiteoutMeta[] = ".wh..wh.";
inline constexpr char kOpaque[] = ".wh..wh..opq";
inline constexpr char kOpaqueXattr[] = "trusted.overlay.opaque";

inline bool is_whiteout(const struct stat& st) { return S_ISCHR(st.st_mode) && st.st_rdev == 0; }

// "a/b/c" -> "a/b" and "c"; "c" -> "" and "c".
void split_path(const std::string& path, std::string* directory, std::string* base);

// Names in a directory but `.` and `..`, in no order. Returns 0 or errno; the descriptor stays open.
int read_names(int directory, std::vector<std::string>* out);

}  // namespace tsd::layer
