// The lanes' side of the sinks' policies: the handed-out mark, and what is given up above it.
#include <algorithm>
#include <tuple>

#include "gateway/lanes.h"

namespace sluice {
namespace {
constexpr Duration age_look_interval = std::chrono::seconds(5);
// Shares of storage.max_size that may lie below a lane's mark: in records, and as events to come.
constexpr std::uint64_t mark_share = 16;
constexpr std::uint64_t slack_share = 8;
constexpr std::uint64_t largest_event = 128 * 1024;
constexpr std::uint64_t max_slack = 1'000;
}  // namespace

const std::string& Lanes::sink_of(LaneId lane) const {
  static const std::string unknown = "?";
  for (const auto& [name, number] : head_.sinks) {
    if (number == lane.sink) return name;
  }
  return unknown;
}

bool Lanes::is_lossy(LaneId lane) const { return retention_.of(sink_of(lane)).is_lossy(); }

// Records of a lossy lane own their events: to give one up frees its bytes.
void Lanes::prepare_policies() {
  const std::uint64_t max_bytes = store_.usage().max_bytes;
  for (auto& [lane, state] : head_.lanes) {
    durable_marks_[lane] = state.handed_out;
    committed_next_[lane] = state.next;
    if (is_lossy(lane)) {
      const MarkBounds bounds{
          std::min(retention_.of(sink_of(lane)).ahead_bytes, max_bytes / mark_share),
          std::clamp<std::uint64_t>(max_bytes / slack_share / largest_event, 1, max_slack)};
      marks_.try_emplace(lane, store_, lane, bounds);
    }
    const bool was_lossy = state.references_end != LaneState::no_end;
    if (was_lossy == is_lossy(lane)) continue;
    state.references_end = was_lossy ? LaneState::no_end : state.next;
    if (!was_lossy) state.handed_out = std::min(state.handed_out, state.shipped);
    is_head_dirty_ = true;
  }
  // A store that cannot be read now raises them later.
  (void)raise_marks().is_ok();
}

// So far ahead of what upstream has acknowledged may records go.
Result<void> Lanes::raise_marks() {
  for (auto& [lane, mark] : marks_) {
    LaneState& state = head_.lanes[lane];
    state.handed_out = TRY(mark.raise(state, committed_next_[lane]));
  }
  return {};
}

std::uint64_t Lanes::readable_end(LaneId lane) const {
  const std::uint64_t next = head_.lanes.at(lane).next;
  return is_lossy(lane) ? std::min(next, durable_marks_.at(lane)) : next;
}

bool Lanes::is_at_mark() const {
  return std::ranges::any_of(head_.lanes, [this](const auto& entry) {
    return is_lossy(entry.first) && entry.second.next > durable_marks_.at(entry.first);
  });
}

// Where most can be given up first, and of a sink what goes upstream last.
std::vector<LaneId> Lanes::lossy_lanes() const {
  std::vector<LaneId> lanes;
  std::map<std::uint16_t, std::uint64_t> waiting;
  for (const auto& [lane, state] : head_.lanes) {
    waiting[lane.sink] += state.waiting();
    if (is_lossy(lane)) lanes.push_back(lane);
  }
  std::ranges::sort(lanes, [&](LaneId a, LaneId b) {
    return std::tuple(waiting[b.sink], a.sink, b.lane) <
           std::tuple(waiting[a.sink], b.sink, a.lane);
  });
  return lanes;
}

void Lanes::apply(LaneId lane, const Retention::Given& given) {
  room_wanted_ -= std::min(room_wanted_, given.bytes);
  if (given.holes == 0 && given.bytes == 0) return;
  const std::scoped_lock lock(head_mutex_);
  head_.lanes[lane].holes += given.holes;
  is_head_dirty_ = true;
}

Result<void> Lanes::give_up(WriteBatch& batch, const BlockHeader& header) {
  const bool is_age_due =
      is_giving_up_ || header.engine_time - looked_for_age_ >= age_look_interval;
  if (!is_age_due && room_wanted_ == 0) return {};
  looked_for_age_ = header.engine_time;
  is_giving_up_ = false;
  for (const LaneId lane : lossy_lanes()) {
    const std::string& sink = sink_of(lane);
    // One step of a lane in a beat: a second one would not see what the first one did.
    const LaneState& state = head_.lanes.at(lane);
    Retention::Given given = TRY(retention_.drop_old(batch, sink, lane, state, header));
    bool is_at_end = given.is_at_end;
    if (given.bytes == 0 && room_wanted_ > 0) {
      given = TRY(retention_.make_room(batch, sink, lane, state, header));
      is_at_end = given.is_at_end;
    }
    is_giving_up_ |= !is_at_end;
    apply(lane, given);
  }
  return {};
}

}  // namespace sluice
