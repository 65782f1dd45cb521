// tsd-shim: one static executable with modes, named by argv[1]: `run` (a container's shim), `base`, `layer`.
#include <string.h>
#include <unistd.h>

#include "layer/layer.h"
#include "shim/base.h"
#include "shim/monitor.h"

namespace {

// Not on the stack: it holds the log's buffers. Only the pages that are used cost memory.
tsd::shim::Monitor monitor;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (strcmp(argv[1], "run") == 0) return monitor.run();
  if (strcmp(argv[1], "base") == 0) return tsd::shim::base_main();
  if (strcmp(argv[1], "layer") == 0) return tsd::layer::main(argc - 1, argv + 1);
  return 2;
}
