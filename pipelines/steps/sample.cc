#include "pipelines/steps/sample.h"

#include <utility>

namespace sluice {
namespace {

struct Place {
  // Events since the last one that passed, it counted; or the number of the last interval of which
  // one has passed.
  std::int64_t number = 0;

  void save(std::string& out) const { put_signed(out, number); }
  void load(ByteReader& in) { number = in.signed_varint(); }
  static constexpr std::size_t max_heap_bytes = 0;
  std::size_t heap_bytes() const { return 0; }
};

class SampleByCount final : public KeyedStep<Place> {
 public:
  SampleByCount(std::optional<Expression> key, const KeyBounds& bounds, std::uint32_t every)
      : KeyedStep(std::move(key), std::nullopt, bounds), every_(every) {}

 private:
  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const bool passes = is_new || keys_.read(slot).number >= every_;
    keys_.edit(slot, [&](Place& since) { since.number = passes ? 1 : since.number + 1; });
    passes ? out.emit(event) : out.drop(*event, "sample");
    return true;
  }

  const std::int64_t every_;
};

class SampleByTime final : public KeyedStep<Place> {
 public:
  SampleByTime(std::optional<Expression> key, const KeyBounds& bounds, Duration per)
      : KeyedStep(std::move(key), std::nullopt, bounds), per_(per) {}

 private:
  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const Duration since_epoch = event->time.time_since_epoch();
    std::int64_t interval = since_epoch / per_;
    if (since_epoch % per_ < Duration{0}) --interval;  // before 1970: rounded down
    if (is_new || interval > keys_.read(slot).number) {
      keys_.edit(slot, [&](Place& last) { last.number = interval; });
      out.emit(event);
    } else {
      out.drop(*event, "sample");
    }
    return true;
  }

  const Duration per_;
};

}  // namespace

StepOrErrors make_sample(const SampleConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  if (config.every.has_value() == config.per.has_value()) {
    errors.push_back({"sample", 0, "a sample has either 'every' or 'per'"});
  }
  if (config.every && *config.every == 0) {
    errors.push_back({"every", 0, "write 1 or more; 10 lets every tenth event pass"});
  }
  if (config.per && *config.per <= Duration{0}) {
    errors.push_back({"per", 0, "an interval is more than zero, for example \"1m\""});
  }
  if (!errors.empty()) return errors;
  if (config.every) {
    return std::make_unique<SampleByCount>(std::move(key), config.keyed.bounds, *config.every);
  }
  return std::make_unique<SampleByTime>(std::move(key), config.keyed.bounds, *config.per);
}

}  // namespace sluice
