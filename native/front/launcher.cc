// bin/tsdocker and bin/tsdockerd: finds the checkout it stands in (also through a symlink from anywhere) and becomes
// the project's node with the bundle of its own name. An executable, not a shell script: that costs 0.5 ms instead
// of 6.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

// Without the part from the last slash on.
std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

int main(int argc, char** argv) {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) {
    fprintf(stderr, "%s: /proc/self/exe: %s; is /proc mounted?\n", argv[0], strerror(errno));
    return 125;
  }
  const std::string executable(self, static_cast<size_t>(length));
  const std::string name = executable.substr(executable.rfind('/') + 1);
  const std::string root = parent(parent(executable));
  const std::string node = root + "/bin/node";
  const std::string bundle = root + "/dist/" + name + ".cjs";

  std::vector<char*> arguments;
  arguments.push_back(const_cast<char*>(name.c_str()));
  // The daemon and the CLI warn in their own words; node's own warnings would end up in users' pipes.
  arguments.push_back(const_cast<char*>("--no-warnings"));
  if (name == "tsdockerd") {
    // A daemon lives for months: young garbage is collected sooner, and what a big pull or load needed goes back to the
    // system. Without these its memory after the first image is half as much again.
    arguments.push_back(const_cast<char*>("--max-semi-space-size=1"));
    setenv("MALLOC_ARENA_MAX", "2", 0);
    setenv("MALLOC_TRIM_THRESHOLD_", "131072", 0);
    setenv("MALLOC_MMAP_THRESHOLD_", "65536", 0);
  }
  if (name == "tsdocker") {
    // A command is too short for V8's helper threads to pay, and node can deadlock at exit while one of them still
    // compiles (nodejs/node#54918): the command had printed everything and never ended.
    arguments.push_back(const_cast<char*>("--single-threaded"));
  }
  // node reads some of its own options (--env-file) even behind the script's name, unless this stands before it.
  arguments.push_back(const_cast<char*>("--"));
  arguments.push_back(const_cast<char*>(bundle.c_str()));
  for (int i = 1; i < argc; i++) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  execv(node.c_str(), arguments.data());
  fprintf(stderr, "%s: cannot start %s: %s; run `npm run setup` in %s\n", name.c_str(), node.c_str(), strerror(errno),
          root.c_str());
  return 125;
}
