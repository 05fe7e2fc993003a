// RetentionPolicy: what a sink's configuration says about a full store and old events.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace sluice {

enum class WhenStoreFull : std::uint8_t {
  block,        // its sources wait: nothing is lost
  drop_oldest,  // the oldest events go
  summarise,    // the oldest events become summaries; when these fill the store, they go
};

struct SummaryLevel {
  Duration window = std::chrono::minutes(1);
  Duration older_than{0};
};

struct RetentionPolicy {
  WhenStoreFull when_full = WhenStoreFull::block;
  std::optional<Duration> max_age;
  std::vector<SummaryLevel> levels;  // finest first
  // So many stored bytes may be handed out ahead of the acknowledged position.
  std::uint64_t ahead_bytes = 2 * 1024 * 1024;

  // Events of this sink can be given up.
  bool is_lossy() const { return when_full != WhenStoreFull::block || max_age.has_value(); }
};

}  // namespace sluice
