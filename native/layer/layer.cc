#include "layer/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>

#include "core/fd.h"
#include "layer/arguments.h"
#include "layer/changes.h"
#include "layer/confine.h"
#include "layer/extract.h"
#include "layer/input.h"
#include "layer/list.h"
#include "layer/lookup.h"
#include "layer/pack.h"
#include "layer/path.h"
#include "layer/tar.h"
#include "layer/tar_writer.h"
#include "layer/view.h"

namespace tsd::layer {

namespace {

// The answer goes here, apart from the data: what was packed may be half an archive.
constexpr int kAnswer = 3;
// Where the view's descriptors are kept; everything above is closed.
constexpr int kRoot = 4, kLower = 5, kFirstFree = 6;

void send(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    done += static_cast<size_t>(n);
  }
}

// The whole answer: one line. The daemon waits for it and for the exit.
int answer(const std::string& line) {
  send(kAnswer, line + "\n");
  return line.starts_with("ok") ? 0 : 1;
}

std::string failure(const Error& error) {
  std::string text = std::string("error ") + error.step + ": " + error.syscall;
  if (*error.path) text += " " + printable(error.path);
  return text + ": " + strerror(error.errnum);
}

std::string unpack(const Arguments& arguments) {
  ExtractOptions options;
  options.layer = !arguments.has("into");
  options.prefix = arguments.text("into");
  options.keep_kinds = arguments.has("keep-kinds");
  if (const char* uid = arguments.get("uid")) options.uid = strtoll(uid, nullptr, 10);
  if (const char* gid = arguments.get("gid")) options.gid = strtoll(gid, nullptr, 10);
  Input input(STDIN_FILENO);
  Extractor extractor(kRoot, input, options);
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

std::string pack(const Arguments& arguments) {
  PackOptions options;
  options.path = arguments.text("path");
  options.name = arguments.text("name");
  options.whiteouts = arguments.has("whiteouts");
  TarWriter writer(STDOUT_FILENO);
  Packer packer(kRoot, writer, options);
  if (!packer.run()) return "error " + packer.message();
  if (auto s = writer.finish(); !s.ok()) return std::string("error write: ") + strerror(s.error().errnum);
  return "ok entries=" + std::to_string(packer.entries());
}

std::string changes() {
  std::string list, message;
  if (!list_changes(kRoot, kLower, &list, &message)) return "error " + message;
  send(STDOUT_FILENO, list);
  return "ok";
}

// `ok MODE SIZE SECONDS NANOSECONDS`, and the two paths on standard output, each ended by a zero byte.
std::string look(const Arguments& arguments) {
  Found found;
  if (const int error = look_up(kRoot, arguments.text("path"), &found); error != 0)
    return "error " + std::to_string(error) + " " + strerror(error);
  send(STDOUT_FILENO, found.resolved + '\0' + found.target + '\0');
  return "ok " + std::to_string(found.st.st_mode) + " " + std::to_string(found.st.st_size) + " " +
         std::to_string(found.st.st_mtim.tv_sec) + " " + std::to_string(found.st.st_mtim.tv_nsec);
}

std::string list(const Arguments& arguments) {
  std::string names, message;
  const int depth = atoi(arguments.text("depth").c_str());
  if (!list_below(kRoot, arguments.text("path"), depth, &names, &message)) return "error " + message;
  send(STDOUT_FILENO, names);
  return "ok";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: tsd-shim layer unpack|pack|changes|look|list KEY=VALUE...\n");
    return 2;
  }
  const std::string task = argv[1];
  const Arguments arguments(argc - 2, argv + 2);
  auto view = open_view(arguments);
  if (!view.ok()) return answer(failure(view.error()));
  // By way of high numbers: a descriptor must not land in the other's place.
  const UniqueFd lower(view.value().lower ? fcntl(view.value().lower.get(), F_DUPFD, 64) : -1);
  const UniqueFd root(fcntl(view.value().root.get(), F_DUPFD, 64));
  if (dup2(root.get(), kRoot) < 0 || (lower && dup2(lower.get(), kLower) < 0))
    return answer(failure(last_error("dup2", "keep descriptors")));
  if (auto s = confine(kRoot, kFirstFree); !s.ok()) return answer(failure(s.error()));
  if (task == "unpack") return answer(unpack(arguments));
  if (task == "pack") return answer(pack(arguments));
  if (task == "changes") return answer(changes());
  if (task == "look") return answer(look(arguments));
  if (task == "list") return answer(list(arguments));
  return answer("error unknown task");
}

}  // namespace tsd::layer
