#include "gateway/backpressure.h"

#include <algorithm>
#include <map>

namespace sluice {
namespace {
constexpr std::uint64_t full_share = 10;  // a full sink waits with at least one in so many
}

Backpressure::Backpressure(WaterMarks marks,
                           std::vector<std::vector<std::uint16_t>> sinks_of_sources,
                           std::set<std::uint16_t> lossy_sinks)
    : marks_(marks),
      sinks_of_sources_(std::move(sinks_of_sources)),
      lossy_sinks_(std::move(lossy_sinks)),
      waits_(sinks_of_sources_.size(), false) {}

bool Backpressure::update(double share, const Head& head) {
  const std::vector<bool> before = waits_;
  if (share >= marks_.limit()) {
    waits_.assign(waits_.size(), true);
  } else if (share >= marks_.high) {
    std::vector<std::uint16_t> full = full_sinks(head);
    const bool is_any_full = !full.empty();
    std::erase_if(full, [this](std::uint16_t sink) { return lossy_sinks_.contains(sink); });
    for (std::size_t source = 0; source < waits_.size(); ++source) {
      // Nothing waits for upstream: no sink is to blame, and no source is better than another.
      if (!is_any_full || std::ranges::find_first_of(sinks_of_sources_[source], full) !=
                              sinks_of_sources_[source].end())
        waits_[source] = true;
    }
  } else if (share <= marks_.low) {
    waits_.assign(waits_.size(), false);
  }
  return waits_ != before;
}

bool Backpressure::fill() {
  const std::vector<bool> before = waits_;
  waits_.assign(waits_.size(), true);
  return waits_ != before;
}

bool Backpressure::is_any_waiting() const {
  return std::ranges::find(waits_, true) != waits_.end();
}

bool Backpressure::are_all_waiting() const {
  return !waits_.empty() && std::ranges::find(waits_, false) == waits_.end();
}

// Those whose backlog is of the order of the largest one.
std::vector<std::uint16_t> Backpressure::full_sinks(const Head& head) const {
  std::map<std::uint16_t, std::uint64_t> backlogs;
  for (const auto& [lane, state] : head.lanes) backlogs[lane.sink] += state.waiting();
  std::uint64_t largest = 0;
  for (const auto& [sink, events] : backlogs) largest = std::max(largest, events);
  std::vector<std::uint16_t> full;
  for (const auto& [sink, events] : backlogs) {
    if (events > 0 && events >= largest / full_share) full.push_back(sink);
  }
  return full;
}

}  // namespace sluice
