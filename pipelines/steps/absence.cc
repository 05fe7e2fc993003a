#include "pipelines/steps/absence.h"

#include <set>
#include <utility>

#include "pipelines/aggregates/numbers.h"
#include "pipelines/saturate.h"

namespace sluice {
namespace {

struct Seen {
  std::optional<Timestamp> last;  // when the last event was received
  bool is_absent = false;

  void save(std::string& out) const {
    put_fixed<std::uint8_t>(out, static_cast<std::uint8_t>((last ? 1 : 0) | (is_absent ? 2 : 0)));
    if (last) put_signed(out, last->time_since_epoch().count());
  }
  void load(ByteReader& in) {
    const auto flags = in.fixed<std::uint8_t>();
    if (flags > 3) in.fail();
    if ((flags & 1) != 0) last = Timestamp(Duration(in.signed_varint()));
    is_absent = (flags & 2) != 0;
  }
  static constexpr std::size_t max_heap_bytes = 0;
  std::size_t heap_bytes() const { return 0; }
};

class Absence final : public KeyedStep<Seen> {
 public:
  Absence(std::optional<Expression> key, const AbsenceConfig& config)
      : KeyedStep(std::move(key), std::nullopt, config.keyed.bounds),
        after_(config.after),
        expected_(config.expect) {}

  void process(std::span<Event* const> events, StepOutput& out) override {
    if (!has_started_) expect_keys(out);  // before others may take their room
    KeyedStep::process(events, out);
  }

  void advance_watermark(Timestamp watermark, StepOutput&) override { watermark_ = watermark; }

  void advance_time(EngineTime now, StepOutput& out) override {
    if (!has_started_) expect_keys(out);
    KeyedStep::advance_time(now, out);
    for (auto due = next_absence(); due && *due <= now; due = next_absence()) {
      const Slot slot = keys_.first_waiting();
      keys_.edit(slot, [](Seen& seen) { seen.is_absent = true; });
      keys_.pass();
      tell(slot, "absent", time_of_absence(keys_.read(slot)), out);
    }
  }

  std::optional<EngineTime> next_timer() const override {
    if (!has_started_) return EngineTime{0};  // the next block tells the time
    const auto forgetting = keys_.next_timer();
    const auto absence = next_absence();
    return forgetting && (!absence || *forgetting < *absence) ? forgetting : absence;
  }

  void begin_snapshot() override {
    had_started_ = has_started_;
    KeyedStep::begin_snapshot();
  }
  // A slice: version byte, whether the expected keys have been added; then as of any keyed step.
  bool save_slice(std::size_t max_bytes, std::string& out) override {
    put_fixed<std::uint8_t>(out, format_version);
    put_fixed<std::uint8_t>(out, had_started_ ? 1 : 0);
    return KeyedStep::save_slice(max_bytes, out);
  }
  Result<void> load_slice(std::string_view slice) override {
    ByteReader in(slice);
    const auto version = in.fixed<std::uint8_t>();
    has_started_ = in.fixed<std::uint8_t>() != 0 || expected_.empty();
    if (version != format_version || !in.is_ok()) {
      return Error{ErrorKind::corrupt, "the saved state of an absence cannot be read"};
    }
    TRY(KeyedStep::load_slice(in.rest()));
    keys_.find_waiting([](const Seen& seen) { return seen.is_absent; });
    return {};
  }

 private:
  static constexpr std::uint8_t format_version = 1;

  bool take(Event* event, const Value&, Slot slot, bool, StepOutput& out) override {
    // What a step made was never received.
    const Timestamp came = event->received == Timestamp{} ? event->time : event->received;
    if (keys_.read(slot).is_absent) tell(slot, "present", came, out);
    keys_.edit(slot, [&](Seen& seen) { seen = {came, false}; });
    out.drop(*event, "seen");
    return true;
  }

  // They count as used in the first block.
  void expect_keys(StepOutput& out) {
    has_started_ = true;
    for (const std::string& key : expected_) {
      std::string bytes;
      encode(bytes, Value::string(key));
      if (keys_.find(bytes) != Keys::none) continue;
      const Slot slot =
          keys_.add(bytes, [&](Slot oldest) { leave(oldest, Leaving::evicted, out); });
      if (slot == Keys::none) out.count("refused_keys", 1);
    }
  }

  std::optional<EngineTime> next_absence() const {
    const Slot slot = keys_.first_waiting();
    if (slot == Keys::none) return std::nullopt;
    return keys_.used_at(slot) + after_;
  }

  Timestamp time_of_absence(const Seen& seen) const {
    return seen.last ? add_saturated(*seen.last, after_) : watermark_;
  }

  void tell(Slot slot, std::string_view state, Timestamp time, StepOutput& out) {
    Arena& arena = out.arena();
    const std::optional<Timestamp> last = keys_.read(slot).last;
    MapEntry* const fields = arena.array<MapEntry>(3);
    fields[0] = {Value::string("state"), Value::string(state)};
    fields[1] = {Value::string("last_seen"), last ? Value::timestamp(*last) : Value::null()};
    fields[2] = {Value::string("silent_s"),
                 last ? Value::number(seconds_between(*last, time)) : Value::null()};
    Event* const event = arena.make<Event>();
    event->type = "sluice.absence";
    event->subject = key_text(keys_.key(slot), arena);
    event->datacontenttype = "application/json";
    event->time = time;
    event->data = Value::map({fields, 3});
    event->is_unchanged = false;
    out.emit(event);
  }

  const Duration after_;
  const std::vector<std::string> expected_;
  bool has_started_ = expected_.empty();  // the expected keys are among the keys, or were
  bool had_started_ = false;              // of the running snapshot
  Timestamp watermark_{};                 // of this block: each one brings it before the time
};

void check_expected(const AbsenceConfig& config, StepErrors& errors) {
  if (config.expect.size() > config.keyed.bounds.max_keys) {
    errors.push_back({"expect", 0, "these are more keys than 'max_keys' allows; raise it"});
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < config.expect.size(); ++i) {
    const std::string& key = config.expect[i];
    const std::string field = "expect." + std::to_string(i);
    if (!seen.insert(key).second) {
      errors.push_back({field, 0, quoted(key) + " is expected twice"});
    }
    if (key.size() > WindowKey::max_bytes / 2) {
      errors.push_back({field, 0, "a key that is expected has up to 512 bytes"});
    }
  }
}

}  // namespace

StepOrErrors make_absence(const AbsenceConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  if (config.after <= Duration{0}) {
    errors.push_back({"after", 0, "a time is more than zero, for example \"5m\""});
  }
  const Duration forget_after = config.keyed.bounds.forget_after;
  if (forget_after > Duration{0} && forget_after <= config.after) {
    errors.push_back({"forget_after", 0,
                      "a key that is forgotten before it is absent is never told; make it longer "
                      "than 'after'"});
  }
  check_expected(config, errors);
  if (!config.expect.empty() && config.keyed.key.empty()) {
    errors.push_back({"expect", 0, "keys can be expected only where there is a 'key'"});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Absence>(std::move(key), config);
}

}  // namespace sluice
