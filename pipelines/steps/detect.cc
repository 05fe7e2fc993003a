#include "pipelines/steps/detect.h"

#include <cmath>
#include <utility>

#include "pipelines/data_path.h"
#include "pipelines/detectors/alarm.h"

namespace sluice {
namespace {

// What is known of a key.
template <Detector Method>
struct Watched {
  typename Method::Memory memory;
  Alarm alarm;

  void save(std::string& out) const {
    alarm.save(out);
    memory.save(out);
  }
  void load(ByteReader& in) {
    alarm.load(in);
    memory.load(in);
  }
  static constexpr std::size_t max_heap_bytes = Method::Memory::max_heap_bytes;
  std::size_t heap_bytes() const { return memory.heap_bytes(); }
};

struct Output {
  DetectEmit emit;
  DataPath into;
};

Value number_or_null(double number) {
  return std::isfinite(number) ? Value::number(number) : Value::null();
}

Value change_value(Alarm::Change change) {
  if (change == Alarm::Change::none) return Value::null();
  return Value::string(change == Alarm::Change::begins ? "begins" : "ends");
}

template <Detector Method>
class Detect final : public KeyedStep<Watched<Method>> {
  using Base = KeyedStep<Watched<Method>>;
  using Slot = typename Base::Slot;

 public:
  Detect(std::optional<Expression> key, Expression value, const KeyBounds& bounds,
         const Method& method, const AlarmRule& rule, Output output)
      : Base(std::move(key), std::move(value), bounds),
        method_(method),
        rule_(rule),
        output_(std::move(output)) {}

  bool uses_data() const override { return true; }  // it is written to

 private:
  std::string_view refuses(const Value& value) const override {
    return value.is_numeric() && std::fabs(value.to_double()) <= largest_sample
               ? ""
               : "a number of at most 1e100 in size";
  }

  bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) override {
    const double number = value.to_double();
    const Watched<Method>& watched = this->keys_.read(slot);
    const Judgement judgement = method_.judge(watched.memory, number, event->time);
    Alarm alarm = watched.alarm;
    const Alarm::Change change = alarm.take(judgement, event->time, rule_);
    Event* leaves = nullptr;
    if (output_.emit == DetectEmit::all || change != Alarm::Change::none) {
      const Value found = describe(judgement, number, alarm.is_on(), change, out.arena());
      const auto written = output_.into.write(event->data, found, out.arena());
      if (!written) {
        out.fail(event, "detect.into: " + written.error().message);
        if (is_new) this->keys_.erase(slot);
        return false;
      }
      leaves = out.arena().make(*event);
      leaves->data = *written;
      leaves->payload = {};
      leaves->has_payload = false;
      leaves->is_unchanged = false;
    }
    this->keys_.edit(slot, [&](Watched<Method>& changed) {
      method_.learn(changed.memory, number, event->time, judgement);
      changed.alarm = alarm;
    });
    if (leaves != nullptr) {
      out.emit(leaves);
    } else {
      out.drop(*event, "detect");
    }
    return true;
  }

  // The field that leaves with the event, in `arena`.
  Value describe(const Judgement& judgement, double number, bool is_on, Alarm::Change change,
                 Arena& arena) const {
    const bool is_unusual = judgement.is_ready && judgement.score > rule_.limit;
    const auto known = [&](double bound) {
      return judgement.is_ready ? number_or_null(bound) : Value::null();
    };
    const MapEntry fields[] = {
        {Value::string("method"), Value::string(Method::name)},
        {Value::string("is_anomaly"), Value::boolean(is_on)},
        {Value::string("change"), change_value(change)},
        {Value::string("score"), known(judgement.score)},
        {Value::string("value"), Value::number(number)},
        {Value::string("low"), known(judgement.low)},
        {Value::string("high"), known(judgement.high)},
        {Value::string("reason"), is_unusual ? Value::string(judgement.reason) : Value::null()}};
    return Value::map(arena.copy(std::span<const MapEntry>(fields)));
  }

  const Method method_;
  const AlarmRule rule_;
  const Output output_;
};

// What all methods share, checked and compiled.
struct Parts {
  std::optional<Expression> key;
  std::optional<Expression> value;
  std::optional<DataPath> into;
};

template <typename MethodConfig>
StepOrErrors build(const DetectConfig& config, const MethodConfig& options, Parts parts,
                   StepErrors errors) {
  using Method = typename MethodConfig::Method;
  Method::check(options, errors);
  if (!errors.empty()) return errors;
  const Method method(options);
  return std::make_unique<Detect<Method>>(
      std::move(parts.key), *std::move(parts.value), config.keyed.bounds, method,
      AlarmRule{method.limit(), method.clear(), config.lasts, config.clear_for},
      Output{config.emit, *std::move(parts.into)});
}

}  // namespace

StepOrErrors make_detect(const DetectConfig& config) {
  StepErrors errors;
  Parts parts;
  parts.key = compile_key(config.keyed, errors);
  parts.value = compile_field("value", config.value, 0, errors);
  parts.into = DataPath::parse(config.into);
  if (!parts.into) {
    errors.push_back({"into", 0,
                      quoted(config.into) +
                          " is not a field path; write for example \"data.anomaly\", or \"data\" "
                          "to put it in place of the data"});
  }
  if (config.lasts < Duration{0}) {
    errors.push_back({"for", 0, "a time is not negative, for example \"30s\""});
  }
  if (config.clear_for < Duration{0}) {
    errors.push_back({"clear_for", 0, "a time is not negative, for example \"5m\""});
  }
  return std::visit(
      [&](const auto& options) {
        return build(config, options, std::move(parts), std::move(errors));
      },
      config.method);
}

}  // namespace sluice
