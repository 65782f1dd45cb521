#include "layer/layer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <string>

#include "core/fd.h"
#include "layer/confine.h"
#include "layer/extract.h"
#include "layer/input.h"
#include "layer/tar.h"

namespace tsd::layer {

namespace {

// The whole answer: one line on descriptor 1. The daemon waits for it and for the exit.
int report(const std::string& line) {
  const std::string text = line + "\n";
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (n <= 0) return 1;
    done += static_cast<size_t>(n);
  }
  return line.starts_with("ok") ? 0 : 1;
}

std::string unpack(Input& input) {
  const UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::string("error open root: ") + strerror(errno);
  Extractor extractor(root.get(), input);
  TarReader reader(input);
  for (;;) {
    Entry entry;
    const Next next = reader.next(entry);
    if (next == Next::failed) return "error " + reader.message();
    if (next == Next::end) break;
    if (!extractor.add(entry))
      return "error " + (extractor.message().empty() ? std::string("unexpected EOF") : extractor.message());
    if (!reader.finish(entry)) return "error unexpected EOF";
  }
  if (!extractor.finish()) return "error " + extractor.message();
  if (auto s = input.drain(); !s.ok()) return std::string("error read: ") + strerror(s.error().errnum);
  return std::string("ok root=") + (extractor.has_root() ? "1" : "0") +
         " entries=" + std::to_string(extractor.entries());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: tsd-shim layer DIRECTORY < TAR\n");
    return 2;
  }
  if (auto s = confine(argv[1]); !s.ok()) {
    return report(std::string("error ") + s.error().step + ": " + s.error().syscall + ": " +
                  strerror(s.error().errnum));
  }
  Input input(STDIN_FILENO);
  return report(unpack(input));
}

}  // namespace tsd::layer
