// Mode `base`: makes the mount namespace every container starts from, sends it over descriptor 3 and ends.
#pragma once

namespace tsd::shim {

int base_main();

}  // namespace tsd::shim
