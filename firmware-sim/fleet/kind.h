// Kind: what all devices of a kind share, made ready for the sensor's core. Kept in one place for
// as long as its devices live.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "firmware-sim/fleet/fleet_file.h"
#include "firmware-sim/fleet/phases.h"
#include "firmware-sim/fleet/recording.h"
#include "firmware-sim/node/node.h"

namespace sluice::sim {

struct Kind {
  std::string name;
  KindSpec spec;
  std::uint64_t seed = 1;
  std::uint32_t first_boot = 1;
  std::vector<std::string> channel_names;
  std::vector<const SignalSpec*> signals;  // of the channels
  std::vector<NodeChannel> channels;
  std::vector<std::uint32_t> deadbands;  // none: every reading is sent
  std::optional<Recording> recording;
  std::int64_t unix_0_ms = 0;  // what the devices' clocks say at the run's start

  Kind() = default;
  Kind(const Kind&) = delete;  // channels point into channel_names and spec
  Kind& operator=(const Kind&) = delete;
};

// `unix_0_ms` holds for kinds that play no recording; those live in their recording's time.
//   bad_config  the recording cannot be read
Result<std::unique_ptr<Kind>> make_kind(const std::string& name, const KindSpec& spec,
                                        const FleetSpec& fleet, std::int64_t unix_0_ms);

}  // namespace sluice::sim
