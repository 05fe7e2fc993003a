#include "pipelines/steps/merge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "pipelines/steps/extensions.h"
#include "pipelines/steps/held_event.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct Whole {
  HeldEvent event;  // as it would leave, but for mergecount and mergecomplete
  Timestamp first{};
  std::uint64_t count = 0;

  void save(std::string& out) const {
    event.save(out);
    put_signed(out, first.time_since_epoch().count());
    put_varint(out, count);
  }
  void load(ByteReader& in) {
    event.load(in);
    first = Timestamp(Duration(in.signed_varint()));
    count = in.varint();
    if (event.is_empty()) in.fail();  // what is not there cannot leave
  }
  static constexpr std::size_t max_heap_bytes = HeldEvent::max_heap_bytes;
  std::size_t heap_bytes() const { return event.heap_bytes(); }
};

// `base` with the members of `part`, which take the place of those with the same name.
Value merged(const Value& base, const Value& part, Arena& arena) {
  const auto present = base.as_map();
  MapEntry* const all = arena.array<MapEntry>(present.size() + part.as_map().size());
  std::size_t used = 0;
  for (const MapEntry& entry : present) all[used++] = entry;
  for (const MapEntry& entry : part.as_map()) {
    std::size_t place = 0;
    while (place < used && !is_same(all[place].key, entry.key)) ++place;
    if (place == used) ++used;
    all[place] = entry;
  }
  return Value::map({all, used});
}

// A key lives as long as its whole: forgetting it is the time-out, which is counted from the first
// event because later ones are no use of the key.
class Merge final : public KeyedStep<Whole> {
 public:
  Merge(std::optional<Expression> key, std::optional<Expression> value,
        std::optional<Expression> field, const KeyBounds& bounds, const MergeConfig& config)
      : KeyedStep(std::move(key), std::move(value), bounds),
        field_(std::move(field)),
        within_(config.within),
        expect_(config.expect) {}

  bool uses_data() const override { return true; }  // it is kept

 private:
  std::string_view refuses(const Value& value) const override {
    if (field_) return value.kind() < Kind::type ? "" : "a value that an event can carry";
    return value.kind() == Kind::map ? "" : "an object of fields";
  }

  bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) override {
    Arena& arena = out.arena();
    const auto part = part_of(*event, value, arena);
    if (!part) {
      out.fail(event, part.error().message);
      if (is_new) keys_.erase(slot);
      return false;
    }
    const bool belongs = !is_new && is_near(keys_.read(slot).first, event->time);
    if (part->as_map().size() > MergeConfig::max_fields)
      return refuse_large(event, slot, is_new, out);
    Event* const whole = belongs ? with_part(*event, *part, keys_.read(slot), arena)
                                 : arena.make(begin(*event, *part, arena));
    HeldEvent held;
    if (whole->data.as_map().size() > MergeConfig::max_fields || !held.hold(*whole))
      return refuse_large(event, slot, is_new, out);
    if (belongs) {
      out.drop(*event, "merged");
    } else if (!is_new) {
      leave_now(slot, out);
    }
    keys_.edit(slot, [&](Whole& changed) {
      changed.event = std::move(held);
      if (!belongs) changed.first = event->time;
      changed.count = belongs ? changed.count + 1 : 1;
    });
    if (!expect_.empty() && is_complete(whole->data)) {
      leave_now(slot, out);
      keys_.erase(slot);
      return false;
    }
    return !belongs;
  }

  bool refuse_large(Event* event, Slot slot, bool is_new, StepOutput& out) {
    out.fail(event, "merge: with this event it would have more than 1000 fields or 64 KiB");
    if (is_new) keys_.erase(slot);
    return false;
  }

  void leave(Slot slot, Leaving why, StepOutput& out) override {
    leave_now(slot, out);
    if (why == Leaving::evicted) out.count("evicted_keys", 1);
  }

  bool is_near(Timestamp first, Timestamp time) const {
    const Duration beyond = within_ + Duration(1);
    return is_less_apart(first, time, beyond);
  }

  // The fields that the event tells: a map.
  Result<Value> part_of(const Event& event, const Value& value, Arena& arena) const {
    if (!field_) return value;
    const Value name = field_->evaluate(event, arena);
    if (name.kind() != Kind::string || name.as_text().empty()) {
      return Error{ErrorKind::bad_input,
                   "field: " + (name.is_error() ? std::string(name.as_text())
                                                : "needs a text that is not empty, not " +
                                                      to_json(name).substr(0, 80))};
    }
    return Value::map({arena.make(MapEntry{name, value}), 1});
  }

  static Event begin(const Event& event, const Value& part, Arena& arena) {
    Event whole = event;
    whole.payload = {};
    whole.has_payload = false;
    whole.is_unchanged = false;
    whole.data = part;
    whole.extensions = extensions_of_result(event, {}, arena);
    return whole;
  }

  static Event* with_part(const Event& event, const Value& part, const Whole& present,
                          Arena& arena) {
    Event* const whole = present.event.release(arena);
    whole->data = merged(whole->data, part, arena);
    whole->time = std::max(whole->time, event.time);
    return whole;
  }

  bool is_complete(const Value& data) const {
    return std::ranges::all_of(expect_,
                               [&](const std::string& name) { return data.find(name) != nullptr; });
  }

  void leave_now(Slot slot, StepOutput& out) const {
    const Whole& whole = keys_.read(slot);
    Event* const event = whole.event.release(out.arena());
    const Attribute count{"mergecount", Value::integer(static_cast<std::int64_t>(whole.count))};
    const Attribute complete{"mergecomplete", Value::boolean(is_complete(event->data))};
    event->extensions = expect_.empty()
                            ? extensions_of_result(*event, {count}, out.arena())
                            : extensions_of_result(*event, {count, complete}, out.arena());
    out.emit(event);
  }

  const std::optional<Expression> field_;
  const Duration within_;
  const std::vector<std::string> expect_;
};

void check_expected(const std::vector<std::string>& expect, StepErrors& errors) {
  std::set<std::string_view> names;
  for (const std::string& name : expect) {
    if (name.empty() || !names.insert(name).second) {
      errors.push_back({"expect", 0,
                        name.empty() ? "a field has a name, for example \"temperature\""
                                     : quoted(name) + " is there twice"});
    }
  }
}

}  // namespace

StepOrErrors make_merge(const MergeConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  auto value = compile_field("value", config.value, 0, errors);
  auto field =
      config.field.empty() ? std::nullopt : compile_field("field", config.field, 0, errors);
  if (config.within < Duration{0}) {
    errors.push_back({"within", 0, "a time is not negative, for example \"2s\""});
  }
  if (config.timeout <= Duration{0}) {
    errors.push_back({"timeout", 0, "a time is more than zero, for example \"10s\""});
  }
  check_expected(config.expect, errors);
  if (!errors.empty()) return errors;
  KeyBounds bounds = config.keyed.bounds;
  bounds.forget_after = config.timeout;
  return std::make_unique<Merge>(std::move(key), std::move(value), std::move(field), bounds,
                                 config);
}

}  // namespace sluice
