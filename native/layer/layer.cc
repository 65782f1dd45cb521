#include "layer/layer.h"

namespace tsd::layer {

int main(int, char**) { return 2; }

}  // namespace tsd::layer
