#include "pipelines/steps/fill.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipelines/aggregates/kept_value.h"
#include "pipelines/aggregates/numbers.h"
#include "pipelines/data_path.h"
#include "pipelines/steps/clock_ahead.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

// The last event of a key.
struct Last {
  Timestamp time{};
  KeptValue values;  // a list, in the order of the configuration; empty when none are needed

  void save(std::string& out) const {
    put_signed(out, time.time_since_epoch().count());
    values.save(out);
  }
  void load(ByteReader& in) {
    time = Timestamp(Duration(in.signed_varint()));
    values.load(in);
  }
  static constexpr std::size_t max_heap_bytes = KeptValue::max_bytes * 2;
  std::size_t heap_bytes() const { return values.heap_bytes(); }
};

struct FillRule {
  Duration every{};
  Duration max_gap{};
  FillMethod method{};
  std::vector<DataPath> paths;
};

class Fill final : public KeyedStep<Last> {
 public:
  Fill(std::optional<Expression> key, const KeyBounds& bounds, FillRule rule)
      : KeyedStep(std::move(key), std::nullopt, bounds), rule_(std::move(rule)) {}

  void advance_time(EngineTime now, StepOutput& out) override {
    made_ = 0;
    KeyedStep::advance_time(now, out);
  }

  bool uses_data() const override {
    return rule_.method != FillMethod::none || KeyedStep::uses_data();
  }

 private:
  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const auto values = read_values(*event, out.arena());
    if (!values) {
      out.fail(event, values.error().message);
      if (is_new) keys_.erase(slot);
      return false;
    }
    if (!is_new && event->time <= keys_.read(slot).time) {
      if (event->time < keys_.read(slot).time) out.count("out_of_order", 1);
      if (!is_from_wrong_clock(keys_.read(slot).time, *event)) {
        out.emit(event);
        return true;
      }
    } else if (!is_new) {
      fill_gap(keys_.read(slot), *event, *values, out);
    }
    keys_.edit(slot, [&](Last& last) {
      last.time = event->time;
      if (rule_.method != FillMethod::none) last.values.set(*values);
    });
    out.emit(event);
    return true;
  }

  // A list of what `event` has at the paths. Errors: bad_input.
  Result<Value> read_values(const Event& event, Arena& arena) const {
    if (rule_.method == FillMethod::none) return Value::null();
    Value* const values = arena.array<Value>(rule_.paths.size());
    for (std::size_t i = 0; i < rule_.paths.size(); ++i) {
      const Value value = rule_.paths[i].read(event.data, arena);
      if (value.is_error()) return failure(i, std::string(value.as_text()));
      const bool is_finite = value.is_numeric() && std::isfinite(value.to_double());
      if (rule_.method == FillMethod::linear && !is_finite && !value.is_null()) {
        return failure(i, "needs a finite number, not a value of type " +
                              std::string(kind_name(value.kind())));
      }
      values[i] = value;
    }
    const Value list = Value::list({values, rule_.paths.size()});
    if (!KeptValue::fits(list)) {
      return Error{ErrorKind::bad_input, "fill: the values have more than 1024 bytes"};
    }
    return list;
  }
  Error failure(std::size_t path, const std::string& what) const {
    return {ErrorKind::bad_input, "fill: " + rule_.paths[path].text() + ": " + what};
  }

  // The number of the multiple that `time` is nearest to.
  std::int64_t multiple(Timestamp time) const {
    const std::int64_t middle = add_saturated(time, rule_.every / 2).time_since_epoch().count();
    const std::int64_t every = rule_.every.count();
    return middle / every - (middle % every < 0 ? 1 : 0);
  }

  void fill_gap(const Last& last, const Event& end, const Value& end_values, StepOutput& out) {
    const std::int64_t first = multiple(last.time) + 1;
    const std::int64_t behind = multiple(end.time);
    if (first >= behind) return;
    // Within max_gap no difference of these is large.
    if (is_at_least_after(last.time, end.time, rule_.max_gap + Duration{1}) ||
        behind - first > FillConfig::most_events_of_block - made_) {
      out.count("long_gaps", 1);
      return;
    }
    made_ += behind - first;
    Arena& arena = out.arena();
    const Value start_values = last.values.value(arena);
    for (std::int64_t number = first; number < behind; ++number) {
      const Timestamp time(rule_.every * number);
      Event* const filled = arena.make(end);
      filled->payload = {};
      filled->has_payload = false;
      filled->is_unchanged = false;
      filled->time = time;
      filled->data = Value::null();
      for (std::size_t i = 0; i < rule_.paths.size(); ++i) {
        Value value;
        if (rule_.method == FillMethod::previous) value = start_values.as_list()[i];
        if (rule_.method == FillMethod::linear) {
          value = between(start_values.as_list()[i], end_values.as_list()[i],
                          seconds_between(last.time, time) / seconds_between(last.time, end.time));
        }
        set(*filled, rule_.paths[i], value, arena);
      }
      set(*filled, mark_, Value::boolean(true), arena);
      out.emit(filled);
    }
  }

  static Value between(const Value& start, const Value& end, double share) {
    if (start.is_null() || end.is_null()) return Value::null();
    const double from = start.to_double();
    return Value::number(from + (end.to_double() - from) * share);
  }

  static void set(Event& event, const DataPath& path, const Value& value, Arena& arena) {
    const auto data = path.write(event.data, value, arena);
    CHECK(data.is_ok());  // no path lies in another
    event.data = *data;
  }

  const FillRule rule_;
  std::int64_t made_ = 0;  // events, in this block
  const DataPath mark_ = *DataPath::parse("data.filled");
};

// Whether one of the paths is the other, or lies in it.
bool is_same_way(const DataPath& a, const DataPath& b) {
  const auto& shorter = a.names().size() < b.names().size() ? a.names() : b.names();
  const auto& longer = a.names().size() < b.names().size() ? b.names() : a.names();
  return std::ranges::equal(shorter, std::span(longer).first(shorter.size()));
}

std::vector<DataPath> read_paths(const FillConfig& config, StepErrors& errors) {
  std::vector<DataPath> paths;
  std::vector<DataPath> taken = {*DataPath::parse("data.filled")};
  for (std::size_t i = 0; i < config.values.size(); ++i) {
    const std::string field = "values." + std::to_string(i);
    const auto path = DataPath::parse(config.values[i]);
    if (!path || path->names().empty()) {
      errors.push_back({field, 0,
                        quoted(config.values[i]) +
                            " is not a field path; write data. and names joined by dots, such as "
                            "data.temperature"});
      continue;
    }
    const auto other =
        std::ranges::find_if(taken, [&](const DataPath& t) { return is_same_way(t, *path); });
    if (other != taken.end()) {
      errors.push_back({field, 0,
                        path->text() + " and " + other->text() +
                            " cannot both be set; data.filled is the mark of a filled event"});
      continue;
    }
    taken.push_back(*path);
    paths.push_back(*path);
  }
  return paths;
}

void check_times(const FillConfig& config, Duration max_gap, StepErrors& errors) {
  if (config.every < FillConfig::least_every || config.every > FillConfig::most_every) {
    errors.push_back({"every", 0, "a millisecond to 366 days, for example \"1m\""});
  } else if (max_gap < config.every) {
    errors.push_back({"max_gap", 0, "a gap that is filled is not shorter than 'every'"});
  } else if (max_gap / config.every > FillConfig::most_events) {
    errors.push_back({"max_gap", 0,
                      "a gap is filled with up to " + std::to_string(FillConfig::most_events) +
                          " events; make it shorter, or 'every' longer"});
  }
}

}  // namespace

StepOrErrors make_fill(const FillConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  const Duration max_gap = config.max_gap == Duration{0}
                               ? std::min(config.every, FillConfig::most_every) * 60
                               : config.max_gap;
  check_times(config, max_gap, errors);
  if (config.values.size() > FillConfig::most_values) {
    errors.push_back({"values", 0, "up to 16 values can be filled; use a second step for others"});
  }
  FillRule rule{config.every, max_gap, config.method, read_paths(config, errors)};
  if (!errors.empty()) return errors;
  return std::make_unique<Fill>(std::move(key), config.keyed.bounds, std::move(rule));
}

}  // namespace sluice
