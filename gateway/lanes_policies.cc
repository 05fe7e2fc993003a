// The lanes' side of the sinks' policies: the handed-out mark, and what is given up above it.
#include <algorithm>
#include <tuple>

#include "core/bytes.h"
#include "gateway/lanes.h"
#include "storage/keys.h"

namespace sluice {
namespace {
constexpr Duration age_look_interval = std::chrono::seconds(5);
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
  for (auto& [lane, state] : head_.lanes) {
    durable_marks_[lane] = state.handed_out;
    committed_next_[lane] = state.next;
    const bool was_lossy = state.references_end != LaneState::no_end;
    if (was_lossy == is_lossy(lane)) continue;
    state.references_end = was_lossy ? LaneState::no_end : state.next;
    if (!was_lossy) state.handed_out = std::min(state.handed_out, state.shipped);
    is_head_dirty_ = true;
  }
  // A store that cannot be read now raises them later.
  (void)raise_marks().is_ok();
}

// So far ahead of what upstream has acknowledged may records go; what a policy emptied is skipped.
Result<void> Lanes::raise_marks() {
  for (auto& [lane, state] : head_.lanes) {
    if (!is_lossy(lane)) continue;
    std::uint64_t from = state.shipped;
    if (state.holes > 0) {
      const std::string prefix = keys::lane_prefix(lane);
      TRY(store_.scan_keys(
          keys::outbox_part(lane, from, 0), keys::after(prefix), [&](std::string_view key) {
            from = ByteReader(key.substr(prefix.size())).big_endian<std::uint64_t>();
            return false;
          }));
    }
    const RetentionPolicy& policy = retention_.of(sink_of(lane));
    const std::uint64_t bytes = std::max<std::uint64_t>(1, event_bytes_[lane]);
    const std::uint64_t ahead =
        std::max<std::uint64_t>(1, std::min(policy.ahead_events, policy.ahead_bytes / bytes));
    state.handed_out = std::max(state.handed_out, from + ahead);
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
