#include "pipelines/steps/throttle.h"

#include <utility>

#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct Interval {
  Timestamp start{};
  std::uint32_t passed = 0;

  void save(std::string& out) const {
    put_signed(out, start.time_since_epoch().count());
    put_varint(out, passed);
  }
  void load(ByteReader& in) {
    start = Timestamp(Duration(in.signed_varint()));
    passed = static_cast<std::uint32_t>(in.varint());
  }
  static constexpr std::size_t max_heap_bytes = 0;
  std::size_t heap_bytes() const { return 0; }
};

class Throttle final : public KeyedStep<Interval> {
 public:
  Throttle(std::optional<Expression> key, const KeyBounds& bounds, std::uint32_t events,
           Duration per)
      : KeyedStep(std::move(key), std::nullopt, bounds), events_(events), per_(per) {}

 private:
  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const Interval& interval = keys_.read(slot);
    if (is_new || is_at_least_after(interval.start, event->time, per_)) {
      keys_.edit(slot, [&](Interval& next) { next = {event->time, 1}; });
      out.emit(event);
    } else if (interval.passed < events_) {
      keys_.edit(slot, [](Interval& same) { ++same.passed; });
      out.emit(event);
    } else {
      out.drop(*event, "throttle");
    }
    return true;
  }

  const std::uint32_t events_;
  const Duration per_;
};

}  // namespace

StepOrErrors make_throttle(const ThrottleConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  if (config.events == 0) errors.push_back({"events", 0, "at least one event must pass"});
  if (config.per <= Duration{0}) {
    errors.push_back({"per", 0, "an interval is more than zero, for example \"1s\""});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Throttle>(std::move(key), config.keyed.bounds, config.events, config.per);
}

}  // namespace sluice
