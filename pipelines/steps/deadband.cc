#include "pipelines/steps/deadband.h"

#include <bit>
#include <cmath>
#include <utility>

#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct LastPassed {
  double value = 0.0;
  Timestamp time{};

  void save(std::string& out) const {
    put_fixed(out, std::bit_cast<std::uint64_t>(value));
    put_signed(out, time.time_since_epoch().count());
  }
  void load(ByteReader& in) {
    value = std::bit_cast<double>(in.fixed<std::uint64_t>());
    time = Timestamp(Duration(in.signed_varint()));
  }
  static constexpr std::size_t max_heap_bytes = 0;
  std::size_t heap_bytes() const { return 0; }
};

// The band is `change` plus `share` of the last value; one of them is zero.
struct Band {
  double change;
  double share;
  Duration max_silence;
};

class Deadband final : public KeyedStep<LastPassed> {
 public:
  Deadband(std::optional<Expression> key, Expression value, const KeyBounds& bounds,
           const Band& band)
      : KeyedStep(std::move(key), std::move(value), bounds), band_(band) {}

 private:
  std::string_view refuses(const Value& value) const override {
    return value.is_numeric() && std::isfinite(value.to_double()) ? "" : "a finite number";
  }

  bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) override {
    const double number = value.to_double();
    if (is_new || leaves_band(keys_.read(slot), number, event->time)) {
      keys_.edit(slot, [&](LastPassed& last) { last = {number, event->time}; });
      out.emit(event);
    } else {
      out.drop(*event, "deadband");
    }
    return true;
  }

  bool leaves_band(const LastPassed& last, double number, Timestamp time) const {
    if (band_.max_silence > Duration{0} && is_at_least_after(last.time, time, band_.max_silence)) {
      return true;
    }
    return std::fabs(number - last.value) > band_.change + band_.share * std::fabs(last.value);
  }

  const Band band_;
};

bool is_width(double number) { return number >= 0.0 && std::isfinite(number); }

}  // namespace

StepOrErrors make_deadband(const DeadbandConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  auto value = compile_field("value", config.value, 0, errors);
  if (config.change.has_value() == config.percent.has_value()) {
    errors.push_back({"deadband", 0, "a deadband has either 'change' or 'percent'"});
  }
  if (!is_width(config.change.value_or(0.0))) {
    errors.push_back({"change", 0, "a change is a number that is not negative"});
  }
  if (!is_width(config.percent.value_or(0.0))) {
    errors.push_back({"percent", 0, "a percentage is a number that is not negative"});
  }
  if (config.max_silence < Duration{0}) {
    errors.push_back({"max_silence", 0, "a time is not negative, for example \"10m\""});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Deadband>(
      std::move(key), *std::move(value), config.keyed.bounds,
      Band{config.change.value_or(0.0), config.percent.value_or(0.0) / 100.0, config.max_silence});
}

}  // namespace sluice
