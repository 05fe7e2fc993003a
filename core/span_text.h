// How long something lasts, for people.
#pragma once

#include <string>

#include "core/clock.h"

namespace sluice {

std::string span_text(Duration span);  // "45 s", "12 min", "41 h", "6 d"; never negative

}  // namespace sluice
