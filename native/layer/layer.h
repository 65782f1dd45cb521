// Mode `layer`: one task on a tree of files, done by a process that has given up everything else.
#pragma once

namespace tsd::layer {

int main(int argc, char** argv);

}  // namespace tsd::layer
