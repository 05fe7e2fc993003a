// Refusal: what becomes of an event for which a step has no use.
#pragma once

#include <cstdint>

namespace sluice {

enum class Refusal : std::uint8_t {
  dead_letter,  // it fails: a dead letter, or what the step's on_error says
  drop,
  pass,  // as it is, and counted
};

}  // namespace sluice
