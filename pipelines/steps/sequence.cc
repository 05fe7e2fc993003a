#include "pipelines/steps/sequence.h"

#include <algorithm>
#include <map>
#include <utility>

#include "pipelines/saturate.h"
#include "pipelines/steps/sequence_matches.h"
#include "pipelines/steps/sequence_pattern.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

class Sequence final : public Step {
 public:
  using Keys = BoundedKeys<OpenMatches>;
  using Slot = Keys::Slot;

  Sequence(std::optional<Expression> key, SequencePattern pattern, const SequenceConfig& config)
      : keys_(config.keyed.bounds),
        key_(std::move(key)),
        pattern_(std::move(pattern)),
        within_(config.within),
        after_match_(config.after_match),
        max_matches_(config.max_matches) {}

  std::vector<std::string> outputs() const override { return {"timeout"}; }

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) process(event, out);
  }

  void advance_watermark(Timestamp watermark, StepOutput& out) override {
    while (!deadlines_.empty() && deadlines_.begin()->first.time < watermark) {
      const auto [deadline, slot] = *deadlines_.begin();
      deadlines_.erase(deadlines_.begin());
      keys_.edit(slot, [&](OpenMatches& open) {
        const auto match = std::ranges::find(open.all, deadline.number, &OpenMatch::number);
        out.count("timeouts", 1);
        const std::string_view events = out.arena().copy(match->events);
        out.emit_to(timeout_output,
                    pattern_.result(keys_.key(slot), events, deadline.time, out.arena()));
        open.all.erase(match);
      });
      if (keys_.read(slot).all.empty()) keys_.erase(slot);
    }
  }
  std::optional<Timestamp> next_watermark() const override {
    if (deadlines_.empty()) return std::nullopt;
    return add_saturated(deadlines_.begin()->first.time, Duration{1});
  }

  bool is_stateful() const override { return true; }
  void begin_snapshot() override { keys_.begin_snapshot(); }
  // A slice: version byte, records of keys.
  bool save_slice(std::size_t max_bytes, std::string& out) override {
    put_fixed<std::uint8_t>(out, format_version);
    return keys_.save_slice(max_bytes, out);
  }
  Result<void> load_slice(std::string_view slice) override {
    ByteReader in(slice);
    if (in.fixed<std::uint8_t>() != format_version) return damaged();
    const Slot first = keys_.end_slot();
    TRY(keys_.load_slice(in.rest()));
    return list_deadlines(first);
  }
  std::size_t memory_bytes() const override { return sizeof(*this) + keys_.memory_bytes(); }
  std::size_t memory_limit() const override { return sizeof(*this) + keys_.memory_limit(); }

 private:
  static constexpr std::uint8_t format_version = 1;
  static constexpr std::size_t timeout_output = 0;

  // The last time at which a match can end.
  struct Deadline {
    Timestamp time{};
    std::uint64_t number = 0;
    auto operator<=>(const Deadline&) const = default;
  };
  static_assert(sizeof(std::pair<const Deadline, Slot>) + 4 * sizeof(void*) <=
                OpenMatches::listed_bytes);

  static Error damaged() {
    return {ErrorKind::corrupt, "the saved state of a sequence cannot be read"};
  }

  Deadline deadline_of(const OpenMatch& match) const {
    return {add_saturated(match.start, within_), match.number};
  }

  // Whether this match looks at an event of that time.
  bool is_in_time(const OpenMatch& match, Timestamp time) const {
    return time >= match.last && time <= deadline_of(match).time;
  }

  void process(Event* event, StepOutput& out) {
    const auto key = key_.read(*event, out.arena());
    if (!key) return out.fail(event, key.error().message);
    Slot slot = keys_.find(*key);
    auto wanted = pattern_.look(*event, asked(slot, event->time), out.arena());
    if (!wanted) return out.fail(event, wanted.error().message);
    const bool is_new = slot == Keys::none;
    // What cannot be kept takes part in no match, and ends those that it must not come in.
    const std::string_view refusal = wanted->when == 0 ? std::string_view{} : write(*event);
    if (!refusal.empty()) wanted->when = 0;
    if (wanted->when == 0 && (is_new || wanted->without == 0)) {
      return refusal.empty() ? out.drop(*event, "no_match") : out.fail(event, refusal);
    }
    const auto evicted = [&](Slot oldest) { forget(oldest, out); };
    if (is_new) slot = keys_.add(*key, evicted);
    if (slot == Keys::none) return out.drop(*event, "max_keys");

    bool is_taken = false;
    keys_.edit(slot, [&](OpenMatches& open) { is_taken = take(*event, *wanted, slot, open, out); });
    if (refusal.empty()) {
      out.drop(*event, is_taken ? "taken" : "no_match");
    } else {
      out.fail(event, refusal);
    }
    if (keys_.read(slot).all.empty()) return keys_.erase(slot);
    if (is_taken && !is_new) keys_.use(slot);
    keys_.shrink(evicted);
  }

  // Writes to bytes_ what a match keeps of the event. Not empty: why it cannot be kept.
  std::string_view write(const Event& event) {
    if (!is_storable(event.data)) return "sequence: the event is nested too deep";
    bytes_.clear();
    append_event(bytes_, event);
    return bytes_.size() > OpenMatches::max_event_bytes ? "sequence: the event has more than 64 KiB"
                                                        : "";
  }

  // The steps that an event of that time may be wanted by.
  SequencePattern::Steps asked(Slot slot, Timestamp time) const {
    SequencePattern::Steps steps = 1;
    if (slot == Keys::none) return steps;
    for (const OpenMatch& match : keys_.read(slot).all) {
      if (is_in_time(match, time)) steps |= SequencePattern::Steps{1} << match.taken;
    }
    return steps;
  }

  // Leads on the matches of the event's key, from the oldest, and opens one; bytes_ is what they
  // keep of it, when one wants it. True: one of them took it.
  bool take(const Event& event, const SequencePattern::Wanted& wanted, Slot slot, OpenMatches& open,
            StepOutput& out) {
    bool is_taken = false;
    for (std::size_t i = 0; i < open.all.size();) {
      OpenMatch& match = open.all[i];
      const SequencePattern::Steps bit = SequencePattern::Steps{1} << match.taken;
      const bool is_last = match.taken + 1 == pattern_.size();
      if (!is_in_time(match, event.time) || ((wanted.when | wanted.without) & bit) == 0) {
        ++i;
      } else if ((wanted.without & bit) != 0) {
        close(open, i);
      } else if (!is_last) {
        match.take(event.time, bytes_);
        is_taken = true;
        ++i;
      } else {
        const Ending ending = finish(match, event.time, keys_.key(slot), out);
        if (ending == Ending::passed_over) {
          ++i;
          continue;
        }
        is_taken = true;
        if (ending == Ending::matched && after_match_ == AfterMatch::skip_past_last) {
          while (!open.all.empty()) close(open, 0);
          return true;
        }
        close(open, i);
      }
    }
    if ((wanted.when & 1) != 0) {
      begin(event.time, slot, open);
      is_taken = true;
    }
    keep_within_bounds(open, out);
    return is_taken;
  }

  // What the last event is to a match.
  enum class Ending : std::uint8_t {
    passed_over,  // `where` says that it does not end with it
    failed,       // it is over without one
    matched,
  };

  // Lets the result of the match go that ends with the event in bytes_.
  Ending finish(const OpenMatch& match, Timestamp time, std::string_view key,
                StepOutput& out) const {
    // Most events are passed over: what `where` looks at then does not stay until the beat ends.
    Arena scratch;
    const auto result_in = [&](Arena& arena) {
      return pattern_.result(key, arena.join(match.events, bytes_), time, arena);
    };
    Result<bool> is_match = true;
    if (pattern_.has_where()) is_match = pattern_.is_match(*result_in(scratch), scratch);
    if (is_match && !*is_match) return Ending::passed_over;
    Arena& arena = out.arena();
    Event* const result = result_in(arena);
    if (!is_match) {
      out.fail(result, is_match.error().message);
      return Ending::failed;
    }
    const auto data = pattern_.emitted(*result, arena);
    if (!data) {
      out.fail(result, data.error().message);
      return Ending::failed;
    }
    result->data = *data;
    out.emit(result);
    return Ending::matched;
  }

  void begin(Timestamp time, Slot slot, OpenMatches& open) {
    OpenMatch match;
    match.number = next_number_++;
    match.start = time;
    match.take(time, bytes_);
    deadlines_.emplace(deadline_of(match), slot);
    open.all.push_back(std::move(match));
  }

  void close(OpenMatches& open, std::size_t index) {
    deadlines_.erase(deadline_of(open.all[index]));
    open.all.erase(open.all.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void keep_within_bounds(OpenMatches& open, StepOutput& out) {
    while (open.all.size() > max_matches_ || open.event_bytes() > OpenMatches::max_event_bytes) {
      close(open, 0);
      out.count("full_matches", 1);
    }
  }

  // The key is about to go.
  void forget(Slot slot, StepOutput& out) {
    for (const OpenMatch& match : keys_.read(slot).all) deadlines_.erase(deadline_of(match));
    out.count("evicted_keys", 1);
  }

  // After a load: the deadlines of all matches from this slot on. No slot is free before the first
  // event, so what one slice brought lies behind what those before it did.
  Result<void> list_deadlines(Slot first) {
    for (Slot slot = first; slot < keys_.end_slot(); ++slot) {
      for (const OpenMatch& match : keys_.read(slot).all) {
        if (match.taken >= pattern_.size()) return damaged();
        const bool is_listed = deadlines_.emplace(deadline_of(match), slot).second;
        if (!is_listed) return damaged();
        next_number_ = std::max(next_number_, match.number + 1);
      }
    }
    return {};
  }

  Keys keys_;
  std::map<Deadline, Slot> deadlines_;  // of all open matches
  std::uint64_t next_number_ = 0;
  WindowKey key_;
  const SequencePattern pattern_;
  const Duration within_;
  const AfterMatch after_match_;
  const std::uint32_t max_matches_;
  std::string bytes_;  // of the event under way
};

}  // namespace

StepOrErrors make_sequence(const SequenceConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  SequencePattern pattern(config, errors);
  if (config.within <= Duration{0}) {
    errors.push_back({"within", 0, "a time is more than zero, for example \"10s\""});
  }
  if (config.max_matches == 0 || config.max_matches > SequenceConfig::most_matches) {
    errors.push_back({"max_matches", 0, "1 to 64 open matches of a key are allowed"});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Sequence>(std::move(key), std::move(pattern), config);
}

}  // namespace sluice
