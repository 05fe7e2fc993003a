#include "firmware-sim/fleet/schedule.h"

#include <algorithm>

#include "firmware-sim/common/draw.h"

namespace sluice::sim {

Schedule::Schedule(std::uint64_t seed, const std::vector<std::uint32_t>& devices, Offset interval,
                   Offset end)
    : interval_(interval), end_(end) {
  for (std::size_t position = 0; position < devices.size(); ++position) {
    const double share = draw(seed, "schedule", devices[position]);
    const auto nanoseconds = share * static_cast<double>(interval.count());
    order_.emplace_back(Offset(static_cast<std::int64_t>(nanoseconds)), position);
  }
  std::sort(order_.begin(), order_.end());
}

void Schedule::advance() {
  if (++position_ < order_.size()) return;
  position_ = 0;
  ++round_;
}

}  // namespace sluice::sim
