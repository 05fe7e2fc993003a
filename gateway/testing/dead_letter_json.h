// A dead letter as a test looks at it.
#pragma once

#include <string>

#include "storage/dead_letters.h"

namespace sluice {

// {"stage":..,"reason":..,"source":..,"type":..,"subject":..,"time":..,"sender":..,"topic":..,
//  "data":..}; unset ones are left out. `data` is the payload's JSON, or its text when it is none,
// or `data_base64` has its bytes.
std::string dead_letter_json(const DeadLetter& letter);

}  // namespace sluice
