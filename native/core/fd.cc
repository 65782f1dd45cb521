#include "core/fd.h"
