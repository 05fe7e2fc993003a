// What a gateway understands of a node's report, read by the project's own decoders.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "firmware-sim/node/report.h"

namespace sluice {

struct ReadingId {
  std::uint32_t boot = 0;
  std::uint32_t sequence = 0;
  auto operator<=>(const ReadingId&) const = default;
};

struct ReadReading {
  ReadingId id;
  std::vector<std::int32_t> values;  // thousandths, in the order of the channels
  Timestamp time;                    // plain JSON with an age: received less the age
};

struct ReadReport {
  std::vector<ReadReading> readings;
  std::optional<std::uint32_t> dropped;
  std::optional<std::uint32_t> battery;
  std::optional<std::string> firmware;
  bool is_cold = false;
};

// Fails the test when the payload is not what the format promises.
ReadReport read_report(std::string_view payload, NodeFormat format, std::string_view device,
                       const std::vector<std::string>& channels, Timestamp received);

}  // namespace sluice
