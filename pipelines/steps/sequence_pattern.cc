#include "pipelines/steps/sequence_pattern.h"

#include <set>
#include <utility>

#include "pipelines/windows/window_key.h"

namespace sluice {
namespace {

Result<bool> is_true(const Expression& condition, const Event& event, std::string_view what,
                     Arena& arena) {
  const Value value = condition.evaluate(event, arena);
  if (value.kind() == Kind::boolean) return value.as_bool();
  return Error{ErrorKind::bad_input, std::string(what) + ": " + condition_failure(value)};
}

}  // namespace

SequencePattern::SequencePattern(const SequenceConfig& config, StepErrors& errors) {
  if (config.steps.size() < 2 || config.steps.size() > SequenceConfig::most_steps) {
    errors.push_back({"steps", 0, "a sequence has 2 to 16 steps"});
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.steps.size(); ++i) {
    const SequenceStep& step = config.steps[i];
    const std::string field = "steps." + std::to_string(i);
    if (!is_plain_name(step.name)) {
      errors.push_back(
          {field + ".name", 0, quoted(step.name) + " is not a name of letters, digits and '_'"});
    } else if (!names.insert(step.name).second) {
      errors.push_back({field + ".name", 0, "another step has the name " + quoted(step.name)});
    }
    Awaited awaited;
    awaited.name = step.name;
    awaited.when = compile_condition(field + ".when", step.when, errors);
    if (!step.without.empty()) {
      awaited.without = compile_condition(field + ".not", step.without, errors);
      if (i == 0) {
        errors.push_back({field + ".not", 0,
                          "nothing comes before the first step; say it in 'when', or give it to "
                          "the next step"});
      }
    }
    steps_.push_back(std::move(awaited));
  }
  if (!config.where.empty()) where_ = compile_condition("where", config.where, errors);
  for (const SequenceField& field : config.emit) {
    auto expression = compile_field("emit." + field.name, field.expression, 0, errors);
    if (expression) emit_.push_back({field.name, *std::move(expression)});
  }
}

Result<SequencePattern::Wanted> SequencePattern::look(const Event& event, Steps asked,
                                                      Arena& arena) const {
  Wanted wanted;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Steps bit = Steps{1} << i;
    if ((asked & bit) == 0) continue;
    const Awaited& step = steps_[i];
    if (step.without && TRY(is_true(*step.without, event, step.name + ".not", arena))) {
      wanted.without |= bit;
    } else if (TRY(is_true(*step.when, event, step.name + ".when", arena))) {
      wanted.when |= bit;
    }
  }
  return wanted;
}

Event* SequencePattern::result(std::string_view key, std::string_view events, Timestamp time,
                               Arena& arena) const {
  ByteReader in(events);
  MapEntry* const named = arena.array<MapEntry>(steps_.size());
  std::size_t count = 0;
  for (; count < steps_.size() && !in.at_end(); ++count) {
    const MatchedEvent matched = read_event(in, arena);
    MapEntry* const fields = arena.array<MapEntry>(2);
    fields[0] = {Value::string("time"), Value::timestamp(matched.time)};
    fields[1] = {Value::string("data"), matched.data};
    named[count] = {Value::string(steps_[count].name), Value::map({fields, 2})};
  }
  CHECK(in.is_ok() && in.at_end());  // append_event() wrote them, or they were read when loaded
  Event* const event = arena.make<Event>();
  event->type = "sluice.sequence";
  event->subject = key_text(key, arena);
  event->datacontenttype = "application/json";
  event->time = time;
  event->data = Value::map({named, count});
  event->is_unchanged = false;
  return event;
}

Result<bool> SequencePattern::is_match(const Event& result, Arena& arena) const {
  return is_true(*where_, result, "where", arena);
}

Result<Value> SequencePattern::emitted(const Event& result, Arena& arena) const {
  if (emit_.empty()) return result.data;
  return evaluate_fields(emit_, "emit", result, arena);
}

}  // namespace sluice
