// Behaviour: how the receiver treats batches, now. Set by options, by POST /control and by signals.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace sluice::sim {

struct Behaviour {
  enum class Mode : std::uint8_t {
    accept,
    refuse,  // answers `status` (503) and takes nothing
    down,    // the listening socket and all connections are closed
    cut,     // takes the batch, then closes in the middle of the answer
  };
  Mode mode = Mode::accept;
  std::chrono::milliseconds lasts{0};  // of the mode, then it is accept again; 0: no end
  int status = 503;                    // of refuse, and of what `fail_rate` hits
  std::chrono::milliseconds delay{0};  // before each answer
  std::chrono::milliseconds slow{0};   // an answer takes so long from its first byte to its last
  double fail_rate = 0;                // share of batches that are refused
  std::optional<std::uint64_t> room;   // events: what does not fit is refused by 507; empty: no end
};

// Changes `behaviour` as a control text says; what it does not name stays:
//   {"mode":"refuse","for_ms":3000,"status":429,"delay_ms":200,"slow_ms":500,
//    "fail_rate":0.1,"room":1000}          a room of null has no end
//   modes: accept refuse down cut
//   bad_input  it is no such text; nothing is changed
Result<void> apply_control(std::string_view json, Behaviour& behaviour);

std::string_view name_of(Behaviour::Mode mode);

}  // namespace sluice::sim
