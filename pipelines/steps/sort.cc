#include "pipelines/steps/sort.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/steps/sort_buffer.h"

namespace sluice {
namespace {

class Sort final : public Step {
 public:
  explicit Sort(const SortConfig& config) : config_(config) {}

  std::vector<std::string> outputs() const override { return {"late"}; }

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) {
      if (event->time < state_.floor) {
        out.count("late", 1);
        out.emit_to(late_output, event);
      } else {
        block_.push_back({{event->time, state_.next_arrival++}, event});
      }
    }
    std::ranges::sort(block_, {}, &Arrived::position);
  }

  // Lets go what is held and what came in this block, each in its turn.
  void advance_watermark(Timestamp watermark, StepOutput& out) override {
    const auto is_reached = [&](const SortPosition& position) {
      return position.time <= watermark;
    };
    std::size_t taken = 0;
    while (true) {
      const bool has_arrived = taken < block_.size() && is_reached(block_[taken].position);
      const bool has_held = held_.size() > 0 && is_reached(held_.first());
      if (has_held && (!has_arrived || held_.first() < block_[taken].position)) {
        out.emit(held_.take_first(out.arena()));
      } else if (has_arrived) {
        out.emit(own(*block_[taken++].event, out.arena()));
      } else {
        break;
      }
    }
    block_.erase(block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(taken));
    state_.floor = std::max(state_.floor, watermark);
  }

  void advance_time(EngineTime now, StepOutput& out) override {
    // In their order: what goes early for the next one's sake is never behind it.
    for (const Arrived& arrived : block_) {
      HeldEvent held;
      if (!held.hold(*arrived.event)) {
        out.fail(arrived.event, "sort: the event has more than 64 KiB");
        continue;
      }
      held_.hold(arrived.position, std::move(held), now);
      while (held_.size() > config_.max_events || held_.live_bytes() > config_.max_memory) {
        let_go_early("early_full", out);
      }
    }
    block_ = {};
    for (auto due = next_timer(); due && *due <= now; due = next_timer()) {
      let_go_early("early_wait", out);
    }
  }

  std::optional<EngineTime> next_timer() const override {
    const auto since = held_.longest_since();
    if (config_.max_wait <= Duration{0} || !since) return std::nullopt;
    return *since + config_.max_wait;
  }
  std::optional<Timestamp> next_watermark() const override {
    if (held_.size() == 0) return std::nullopt;
    return held_.first().time;
  }

  bool is_stateful() const override { return true; }
  void begin_snapshot() override {
    saved_state_ = state_;
    held_.begin_snapshot();
  }
  // A slice: version byte, the floor, the next arrival; records of events.
  bool save_slice(std::size_t max_bytes, std::string& out) override {
    put_fixed<std::uint8_t>(out, format_version);
    put_signed(out, saved_state_.floor.time_since_epoch().count());
    put_varint(out, saved_state_.next_arrival);
    return held_.save_slice(max_bytes, out);
  }
  Result<void> load_slice(std::string_view slice) override {
    ByteReader in(slice);
    const bool is_known = in.fixed<std::uint8_t>() == format_version;
    State state;
    state.floor = Timestamp(Duration(in.signed_varint()));
    state.next_arrival = in.varint();
    if (!is_known || !in.is_ok()) {
      return Error{ErrorKind::corrupt, "the saved state of a sort cannot be read"};
    }
    state_ = state;
    return held_.load_slice(in);
  }

  std::size_t memory_bytes() const override { return sizeof(*this) + held_.memory_bytes(); }
  // Beside the events of the block under way, which are the block's.
  std::size_t memory_limit() const override {
    return sizeof(*this) + 2 * (config_.max_memory + SortBuffer::max_event_bytes);
  }

 private:
  static constexpr std::uint8_t format_version = 1;
  static constexpr std::size_t late_output = 0;

  struct State {
    Timestamp floor = Timestamp::min();  // an event before it is late
    std::uint64_t next_arrival = 0;
  };
  struct Arrived {
    SortPosition position;
    Event* event;
  };

  // The same event as one that the pipeline made: what is as it came goes upstream in the order of
  // arrival, and before what was held.
  static Event* own(const Event& event, Arena& arena) {
    Event* const owned = arena.make(event);
    owned->payload = {};
    owned->has_payload = false;
    owned->is_unchanged = false;
    return owned;
  }

  void let_go_early(std::string_view why, StepOutput& out) {
    state_.floor = std::max(state_.floor, held_.first().time);
    out.count(why, 1);
    out.emit(held_.take_first(out.arena()));
  }

  const SortConfig config_;
  State state_;
  State saved_state_;           // of the running snapshot
  std::vector<Arrived> block_;  // came in the block under way and have not left, in order
  SortBuffer held_;
};

}  // namespace

StepOrErrors make_sort(const SortConfig& config) {
  StepErrors errors;
  if (config.max_events == 0) {
    errors.push_back({"max_events", 0, "at least one event must be allowed to wait"});
  }
  if (config.max_memory < SortConfig::least_memory) {
    errors.push_back({"max_memory", 0, "at least 64 KiB are needed"});
  }
  if (config.max_wait < Duration{0}) {
    errors.push_back({"max_wait", 0, "a time is not negative, for example \"10s\""});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Sort>(config);
}

}  // namespace sluice
