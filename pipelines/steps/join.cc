#include "pipelines/steps/join.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "pipelines/steps/extensions.h"
#include "pipelines/steps/join_state.h"
#include "pipelines/steps/result_fields.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

class Join final : public KeyedStep<WaitingEvents> {
 public:
  Join(std::optional<Expression> key, Expression left, Expression right, const JoinConfig& config)
      : KeyedStep(std::move(key), std::nullopt, config.keyed.bounds),
        config_(config),
        left_(std::move(left)),
        right_(std::move(right)) {}

  bool uses_data() const override { return true; }  // it is kept

  void process(std::span<Event* const> events, StepOutput& out) override {
    find_deadlines();
    for (Event* const& event : events) {
      const auto side = side_of(*event, out.arena());
      if (!side) {
        out.fail(event, side.error().message);
      } else if (!*side) {
        out.drop(*event, "no_side");
      } else {
        side_ = **side;
        KeyedStep::process(std::span<Event* const>(&event, 1), out);
      }
    }
  }

  void advance_watermark(Timestamp watermark, StepOutput& out) override;
  void advance_time(EngineTime now, StepOutput& out) override {
    made_ = {};
    find_deadlines();
    KeyedStep::advance_time(now, out);
  }
  std::optional<Timestamp> next_watermark() const override {
    find_deadlines();
    if (deadlines_.empty()) return std::nullopt;
    return add_saturated(deadlines_.begin()->first, Duration(1));
  }

  Result<void> load_slice(std::string_view slice) override {
    are_deadlines_known_ = false;
    return KeyedStep::load_slice(slice);
  }

  std::size_t memory_bytes() const override {
    return KeyedStep::memory_bytes() + deadlines_.size() * deadline_bytes;
  }
  // Every key has a deadline, and takes at least its entry.
  std::size_t memory_limit() const override {
    const KeyBounds& bounds = config_.keyed.bounds;
    const std::size_t keys =
        std::min<std::size_t>(bounds.max_keys, bounds.max_memory / sizeof(WaitingEvents));
    return KeyedStep::memory_limit() + (keys + 1) * deadline_bytes;
  }

 private:
  using Deadline = std::pair<Timestamp, Slot>;
  static constexpr std::size_t deadline_bytes = sizeof(Deadline) + 4 * sizeof(void*);

  Result<std::optional<JoinSide>> side_of(const Event& event, Arena& arena) const {
    for (const JoinSide side : {JoinSide::left, JoinSide::right}) {
      const bool is_left = side == JoinSide::left;
      const Value value = (is_left ? left_ : right_).evaluate(event, arena);
      if (value.kind() != Kind::boolean) {
        return Error{ErrorKind::bad_input,
                     (is_left ? "left: " : "right: ") + condition_failure(value)};
      }
      if (value.as_bool()) return std::optional(side);
    }
    return std::optional<JoinSide>();
  }

  bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) override;
  // Pairs, and the bytes of the held events in them.
  struct Pairs {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  // Those that an event of this time would make.
  Pairs pairs_of(Timestamp time, Slot slot) const;
  void meet(const Event& event, Slot slot, bool& is_matched, StepOutput& out);
  void make_room(Slot slot, std::size_t bytes, StepOutput& out);
  void leave(Slot slot, Leaving why, StepOutput& out) override;

  // The event's wait is over.
  void end_wait(const WaitingEvent& waiting, StepOutput& out) const;
  Event* pair(const Event* left, const Event* right, Arena& arena) const;

  // Whether an event of this time meets it.
  bool is_met(const WaitingEvent& other, Timestamp time) const {
    return other.side != side_ && is_less_apart(other.time, time, config_.within + Duration(1));
  }

  // --- Deadlines: by key, the time until which the first of its events waits ---

  Timestamp deadline(const WaitingEvents& waiting) const {
    return add_saturated(waiting.earliest(), config_.within);
  }
  void find_deadlines() const {
    if (are_deadlines_known_) return;
    deadlines_.clear();
    for (Slot slot = keys_.oldest(); slot != Keys::none; slot = keys_.newer(slot)) {
      deadlines_.emplace(deadline(keys_.read(slot)), slot);
      for (const WaitingEvent& waiting : keys_.read(slot).events)
        arrivals_ = std::max(arrivals_, waiting.arrival);
    }
    are_deadlines_known_ = true;
  }
  // Changes the entry by `change`, and its deadline with it.
  template <typename Change>
  void edit(Slot slot, Change&& change) {
    forget_deadline(slot);
    keys_.edit(slot, change);
    if (!keys_.read(slot).events.empty()) deadlines_.emplace(deadline(keys_.read(slot)), slot);
  }
  void forget_deadline(Slot slot) {
    if (!keys_.read(slot).events.empty()) deadlines_.erase({deadline(keys_.read(slot)), slot});
  }

  const JoinConfig config_;
  const Expression left_;
  const Expression right_;
  JoinSide side_ = JoinSide::left;  // of the event that is being taken
  Pairs made_;                      // in this block

  // Found anew after entries were loaded.
  mutable bool are_deadlines_known_ = true;
  mutable std::set<Deadline> deadlines_;
  mutable std::uint64_t arrivals_ = 0;
};

bool Join::take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) {
  Event stamped = *event;
  stamped.extensions = extensions_of_result(*event, {}, out.arena());
  WaitingEvent waiting{{}, event->time, ++arrivals_, side_, false};
  if (!waiting.event.hold(stamped)) {
    out.fail(event, "join: the event has more than 64 KiB or is nested too deep");
    if (is_new) keys_.erase(slot);
    return false;
  }
  const Pairs pairs = pairs_of(event->time, slot);
  if (made_.count + pairs.count > JoinConfig::most_pairs_of_block ||
      made_.bytes + pairs.bytes > JoinConfig::most_pair_bytes_of_block) {
    out.fail(event, "join: too many pairs in one block");
    return false;  // its key is not new: it would have met some
  }
  made_.count += pairs.count;
  made_.bytes += pairs.bytes;
  meet(stamped, slot, waiting.is_matched, out);
  make_room(slot, waiting.event.heap_bytes(), out);
  edit(slot, [&](WaitingEvents& changed) { changed.add(std::move(waiting)); });
  return true;
}

Join::Pairs Join::pairs_of(Timestamp time, Slot slot) const {
  Pairs pairs;
  for (const WaitingEvent& other : keys_.read(slot).events) {
    if (!is_met(other, time)) continue;
    ++pairs.count;
    pairs.bytes += other.event.heap_bytes();
  }
  return pairs;
}

// The event meets all of the other side that it is close to.
void Join::meet(const Event& event, Slot slot, bool& is_matched, StepOutput& out) {
  std::vector<std::size_t> met;
  const std::vector<WaitingEvent>& others = keys_.read(slot).events;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (!is_met(others[i], event.time)) continue;
    const Event* const other = others[i].event.release(out.arena());
    out.emit(side_ == JoinSide::left ? pair(&event, other, out.arena())
                                     : pair(other, &event, out.arena()));
    if (!others[i].is_matched) met.push_back(i);
    is_matched = true;
  }
  if (met.empty()) return;
  keys_.edit(slot, [&](WaitingEvents& changed) {
    for (const std::size_t i : met) changed.events[i].is_matched = true;
  });
}

// The oldest go until one more of `bytes` has its place.
void Join::make_room(Slot slot, std::size_t bytes, StepOutput& out) {
  const auto is_full = [&] {
    const WaitingEvents& waiting = keys_.read(slot);
    return !waiting.events.empty() &&
           (waiting.events.size() >= config_.max_events ||
            waiting.event_bytes + bytes > WaitingEvents::max_events_bytes);
  };
  while (is_full()) {
    out.count("early", 1);
    end_wait(keys_.read(slot).events.front(), out);
    edit(slot, [](WaitingEvents& changed) { changed.remove(0); });
  }
}

void Join::leave(Slot slot, Leaving why, StepOutput& out) {
  out.count("early", keys_.read(slot).events.size());
  for (const WaitingEvent& waiting : keys_.read(slot).events) end_wait(waiting, out);
  forget_deadline(slot);
  KeyedStep::leave(slot, why, out);
}

void Join::advance_watermark(Timestamp watermark, StepOutput& out) {
  find_deadlines();
  // Over all keys in the order of their times: slots are not the same after a restart.
  std::vector<WaitingEvent> over;
  while (!deadlines_.empty() && deadlines_.begin()->first < watermark) {
    const Slot slot = deadlines_.begin()->second;
    edit(slot, [&](WaitingEvents& changed) {
      for (std::size_t i = 0; i < changed.events.size();) {
        if (add_saturated(changed.events[i].time, config_.within) >= watermark) {
          ++i;
          continue;
        }
        over.push_back(changed.events[i]);
        changed.remove(i);
      }
    });
    if (keys_.read(slot).events.empty()) keys_.erase(slot);
  }
  std::ranges::sort(over, [](const WaitingEvent& a, const WaitingEvent& b) {
    return std::tie(a.time, a.arrival) < std::tie(b.time, b.arrival);
  });
  for (const WaitingEvent& waiting : over) end_wait(waiting, out);
}

void Join::end_wait(const WaitingEvent& waiting, StepOutput& out) const {
  Event* const event = waiting.event.release(out.arena());
  const bool is_left = waiting.side == JoinSide::left;
  const bool leaves = config_.unmatched == Unmatched::both ||
                      config_.unmatched == (is_left ? Unmatched::left : Unmatched::right);
  if (waiting.is_matched) {
    out.drop(*event, "joined");
  } else if (leaves) {
    out.emit(is_left ? pair(event, nullptr, out.arena()) : pair(nullptr, event, out.arena()));
  } else {
    out.drop(*event, "unmatched");
  }
}

// One of them may be missing.
Event* Join::pair(const Event* left, const Event* right, Arena& arena) const {
  Event* const result = arena.make(left != nullptr ? *left : *right);
  result->payload = {};
  result->has_payload = false;
  result->is_unchanged = false;
  result->source_index = no_source;
  result->id = {};
  result->source = {};
  MapEntry* const sides = arena.array<MapEntry>(2);
  std::size_t used = 0;
  if (left != nullptr) sides[used++] = {Value::string(config_.left_name), left->data};
  if (right != nullptr) sides[used++] = {Value::string(config_.right_name), right->data};
  result->data = Value::map({sides, used});
  if (left == nullptr || right == nullptr) return result;
  result->time = std::max(left->time, right->time);
  if (const Value* cause = find_extension(*right, "correlationid"))
    result->extensions = extensions_of_result(*result, {{"causationid", *cause}}, arena);
  return result;
}

void check_name(std::string_view field, const std::string& name, StepErrors& errors) {
  if (is_plain_name(name)) return;
  errors.push_back({std::string(field), 0,
                    quoted(name) + " is not a name of letters, digits and '_', such as door"});
}

}  // namespace

StepOrErrors make_join(const JoinConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  auto left = compile_condition("left", config.left, errors);
  auto right = compile_condition("right", config.right, errors);
  check_name("left_name", config.left_name, errors);
  check_name("right_name", config.right_name, errors);
  if (config.left_name == config.right_name) {
    errors.push_back({"right_name", 0, "both sides have the same name"});
  }
  if (config.within < Duration{0}) {
    errors.push_back({"within", 0, "a time is not negative, for example \"10s\""});
  }
  if (config.max_events == 0 || config.max_events > JoinConfig::most_events) {
    errors.push_back({"max_events", 0, "must be 1 to 1000"});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Join>(std::move(key), *std::move(left), *std::move(right), config);
}

}  // namespace sluice
