#include "pipelines/steps/debounce.h"

#include <utility>

#include "pipelines/steps/held_event.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct Burst {
  HeldEvent last;
  Timestamp start{};  // time of its first event

  void save(std::string& out) const {
    last.save(out);
    put_signed(out, start.time_since_epoch().count());
  }
  void load(ByteReader& in) {
    last.load(in);
    start = Timestamp(Duration(in.signed_varint()));
  }
  static constexpr std::size_t max_heap_bytes = HeldEvent::max_heap_bytes;
  std::size_t heap_bytes() const { return last.heap_bytes(); }
};

// A key lives as long as its burst: forgetting it is the timer.
class Debounce final : public KeyedStep<Burst> {
 public:
  Debounce(std::optional<Expression> key, const KeyBounds& bounds, Duration max_wait)
      : KeyedStep(std::move(key), std::nullopt, bounds), max_wait_(max_wait) {}

  bool uses_data() const override { return true; }  // it is kept

 private:
  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const Burst& burst = keys_.read(slot);
    const bool is_too_long = !is_new && max_wait_ > Duration{0} &&
                             is_at_least_after(burst.start, event->time, max_wait_);
    HeldEvent held;
    if (!is_too_long && !held.hold(*event)) {
      out.fail(event, "debounce: the event has more than 64 KiB");
      if (is_new) keys_.erase(slot);
      return false;
    }
    if (!burst.last.is_empty()) out.drop(*burst.last.release(out.arena()), "debounce");
    if (is_too_long) {
      keys_.erase(slot);
      out.emit(event);
      return false;
    }
    keys_.edit(slot, [&](Burst& changed) {
      changed.last = std::move(held);
      if (is_new) changed.start = event->time;
    });
    return true;
  }

  void leave(Slot slot, Leaving why, StepOutput& out) override {
    out.emit(keys_.read(slot).last.release(out.arena()));
    if (why == Leaving::evicted) out.count("evicted_keys", 1);
  }

  const Duration max_wait_;
};

}  // namespace

StepOrErrors make_debounce(const DebounceConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  if (config.quiet <= Duration{0}) {
    errors.push_back({"quiet", 0, "a time is more than zero, for example \"5s\""});
  }
  if (config.max_wait < Duration{0}) {
    errors.push_back({"max_wait", 0, "a time is not negative, for example \"1m\""});
  }
  if (!errors.empty()) return errors;
  KeyBounds bounds = config.keyed.bounds;
  bounds.forget_after = config.quiet;
  return std::make_unique<Debounce>(std::move(key), bounds, config.max_wait);
}

}  // namespace sluice
