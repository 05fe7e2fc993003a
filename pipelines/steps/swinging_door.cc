#include "pipelines/steps/swinging_door.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "pipelines/aggregates/numbers.h"
#include "pipelines/steps/held_event.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct Point {
  double value = 0.0;
  Timestamp time{};

  void save(std::string& out) const {
    put_double(out, value);
    put_signed(out, time.time_since_epoch().count());
  }
  void load(ByteReader& in) {
    value = read_double(in);
    time = Timestamp(Duration(in.signed_varint()));
  }
};

// The slopes of lines from the last point that left which pass all points since closely enough.
struct Door {
  double lowest = -std::numeric_limits<double>::infinity();
  double highest = std::numeric_limits<double>::infinity();

  bool is_open_to(const Point& from, const Point& to) const {
    const double slope = (to.value - from.value) / seconds_between(from.time, to.time);
    return slope >= lowest && slope <= highest;
  }
  void narrow(const Point& from, const Point& by, double error) {
    const double seconds = seconds_between(from.time, by.time);
    lowest = std::max(lowest, (by.value - error - from.value) / seconds);
    highest = std::min(highest, (by.value + error - from.value) / seconds);
  }
};

struct Signal {
  Point left;      // the last one that left
  Point last;      // the last one that came; of the held event if there is one
  HeldEvent held;  // may be needed
  Door door;       // for what comes after `held`

  void save(std::string& out) const {
    left.save(out);
    last.save(out);
    held.save(out);
    put_double(out, door.lowest);
    put_double(out, door.highest);
  }
  void load(ByteReader& in) {
    left.load(in);
    last.load(in);
    held.load(in);
    door.lowest = read_double(in);
    door.highest = read_double(in);
  }
  static constexpr std::size_t max_heap_bytes = HeldEvent::max_heap_bytes;
  std::size_t heap_bytes() const { return held.heap_bytes(); }
};

class SwingingDoor final : public KeyedStep<Signal> {
 public:
  SwingingDoor(std::optional<Expression> key, Expression value, const KeyBounds& bounds,
               double error, Duration max_silence)
      : KeyedStep(std::move(key), std::move(value), bounds),
        error_(error),
        max_silence_(max_silence) {}

  bool uses_data() const override { return true; }  // it is kept

 private:
  std::string_view refuses(const Value& value) const override {
    return value.is_numeric() && std::isfinite(value.to_double()) ? "" : "a finite number";
  }

  bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) override {
    const Point point{value.to_double(), event->time};
    if (is_new) {
      keys_.edit(slot, [&](Signal& signal) { signal.left = signal.last = point; });
      out.emit(event);
      return true;
    }
    if (point.time <= keys_.read(slot).last.time) {
      out.emit(event);
      return true;
    }
    HeldEvent held;
    if (!held.hold(*event)) {
      out.fail(event, "swinging_door: the event has more than 64 KiB");
      return false;
    }
    keys_.edit(slot, [&](Signal& signal) {
      settle_held(signal, point, out);
      signal.door.narrow(signal.left, point, error_);
      signal.last = point;
      signal.held = std::move(held);
      if (max_silence_ > Duration{0} &&
          is_at_least_after(signal.left.time, point.time, max_silence_)) {
        let_go(signal, out);
      }
    });
    return true;
  }

  // `next` has come: the held event is needed, or is not.
  static void settle_held(Signal& signal, const Point& next, StepOutput& out) {
    if (signal.held.is_empty()) return;
    if (signal.door.is_open_to(signal.left, next)) {
      out.drop(*signal.held.release(out.arena()), "swinging_door");
    } else {
      let_go(signal, out);
    }
  }

  static void let_go(Signal& signal, StepOutput& out) {
    out.emit(signal.held.release(out.arena()));
    signal.held.clear();
    signal.left = signal.last;
    signal.door = {};
  }

  void leave(Slot slot, Leaving why, StepOutput& out) override {
    const HeldEvent& held = keys_.read(slot).held;
    if (!held.is_empty()) out.emit(held.release(out.arena()));
    KeyedStep::leave(slot, why, out);
  }

  const double error_;
  const Duration max_silence_;
};

}  // namespace

StepOrErrors make_swinging_door(const SwingingDoorConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  auto value = compile_field("value", config.value, 0, errors);
  if (!(config.error >= 0.0) || !std::isfinite(config.error)) {
    errors.push_back({"error", 0, "an error bound is a number that is not negative"});
  }
  if (config.max_silence < Duration{0}) {
    errors.push_back({"max_silence", 0, "a time is not negative, for example \"10m\""});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<SwingingDoor>(std::move(key), *std::move(value), config.keyed.bounds,
                                        config.error, config.max_silence);
}

}  // namespace sluice
