// tsd-shim: one static executable with modes, named by argv[1]: `run` (a container's shim), `base`, `layer`.
#include <string.h>
#include <unistd.h>

#include "layer/layer.h"

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "layer") == 0) return tsd::layer::main(argc - 1, argv + 1);
  return 2;
}
