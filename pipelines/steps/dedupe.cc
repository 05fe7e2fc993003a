#include "pipelines/steps/dedupe.h"

#include <utility>

#include "pipelines/steps/keyed_step.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct Passed {
  Timestamp time{};

  void save(std::string& out) const { put_signed(out, time.time_since_epoch().count()); }
  void load(ByteReader& in) { time = Timestamp(Duration(in.signed_varint())); }
  static constexpr std::size_t max_heap_bytes = 0;
  std::size_t heap_bytes() const { return 0; }
};

class Dedupe final : public KeyedStep<Passed> {
 public:
  Dedupe(Expression by, const KeyBounds& bounds, Duration within)
      : KeyedStep(std::move(by), std::nullopt, bounds), within_(within) {}

 private:
  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const bool is_repeat = !is_new && (within_ == Duration{0} ||
                                       is_less_apart(keys_.read(slot).time, event->time, within_));
    if (is_repeat) {
      out.drop(*event, "duplicate");
      return false;
    }
    keys_.edit(slot, [&](Passed& passed) { passed.time = event->time; });
    out.emit(event);
    return true;
  }

  const Duration within_;
};

}  // namespace

StepOrErrors make_dedupe(const DedupeConfig& config) {
  StepErrors errors;
  auto by = compile_field("by", config.by, 0, errors);
  if (config.within < Duration{0}) {
    errors.push_back({"within", 0, "a time is not negative, for example \"10m\""});
  }
  if (config.remember == 0) {
    errors.push_back({"remember", 0, "at least one event must be remembered"});
  }
  if (!errors.empty()) return errors;
  const KeyBounds bounds{config.remember, config.max_memory, WhenFull::evict, config.forget_after};
  return std::make_unique<Dedupe>(*std::move(by), bounds, config.within);
}

}  // namespace sluice
