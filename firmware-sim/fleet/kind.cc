#include "firmware-sim/fleet/kind.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {

Result<std::unique_ptr<Kind>> make_kind(const std::string& name, const KindSpec& spec,
                                        const FleetSpec& fleet, std::int64_t unix_0_ms) {
  auto kind = std::make_unique<Kind>();
  kind->name = name;
  kind->spec = spec;
  kind->seed = fleet.seed;
  kind->first_boot = fleet.first_boot;
  kind->unix_0_ms = unix_0_ms;
  std::vector<std::string> columns;
  for (const auto& [channel, signal] : kind->spec.signals) {
    kind->channel_names.push_back(channel);
    kind->signals.push_back(&signal);
    columns.push_back(signal.column);
    kind->deadbands.push_back(static_cast<std::uint32_t>(std::llround(signal.deadband * 1000)));
  }
  for (std::size_t i = 0; i < kind->signals.size(); ++i) {
    kind->channels.push_back({kind->channel_names[i].c_str(), kind->signals[i]->unit.c_str()});
  }
  if (std::ranges::all_of(kind->deadbands, [](std::uint32_t band) { return band == 0; })) {
    kind->deadbands.clear();
  }
  if (kind->spec.replay) {
    kind->recording = TRY(read_recording(*kind->spec.replay, columns));
    // The first row is due when all devices are on.
    kind->unix_0_ms =
        kind->recording->rows.front().unix_ms - static_cast<std::int64_t>(Phases::start_within_ms);
  }
  return kind;
}

}  // namespace sluice::sim
