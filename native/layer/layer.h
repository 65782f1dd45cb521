// Mode `layer`: unpacks one layer read from a pipe into a directory it has made its root.
#pragma once

namespace tsd::layer {

int main(int argc, char** argv);

}  // namespace tsd::layer
