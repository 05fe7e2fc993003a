#include "pipelines/steps/merge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "pipelines/steps/extensions.h"
#include "pipelines/steps/held_event.h"
#include "pipelines/steps/merge_fields.h"
#include "pipelines/steps/times.h"

namespace sluice {
namespace {

struct Whole {
  static constexpr MergedFields::Bounds bounds{MergeConfig::max_fields, HeldEvent::max_bytes};

  HeldEvent event;  // as it would leave, but without data
  MergedFields fields;
  Timestamp first{};
  Timestamp latest{};
  std::uint64_t count = 0;

  void save(std::string& out) const {
    event.save(out);
    fields.save(out);
    put_signed(out, first.time_since_epoch().count());
    put_signed(out, latest.time_since_epoch().count());
    put_varint(out, count);
  }
  void load(ByteReader& in) {
    event.load(in);
    fields.load(in, bounds);
    first = Timestamp(Duration(in.signed_varint()));
    latest = Timestamp(Duration(in.signed_varint()));
    count = in.varint();
    if (event.is_empty()) in.fail();  // what is not there cannot leave
  }
  static constexpr std::size_t max_heap_bytes =
      HeldEvent::max_heap_bytes + MergedFields::max_heap_bytes(bounds);
  std::size_t heap_bytes() const { return event.heap_bytes() + fields.heap_bytes(); }
};

// A key lives as long as its whole: forgetting it is the time-out, which is counted from the first
// event because later ones are no use of the key.
class Merge final : public KeyedStep<Whole> {
 public:
  Merge(std::optional<Expression> key, std::optional<Expression> value,
        std::optional<Expression> field, const KeyBounds& bounds, const MergeConfig& config)
      : KeyedStep(std::move(key), std::move(value), bounds),
        field_(std::move(field)),
        within_(config.within) {
    for (const std::string& name : config.expect) {
      expect_.push_back(MergedFields::name_bytes(name));
    }
  }

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
    if (!is_storable(*part)) {
      return refuse(event, "merge: the event is nested too deep", slot, is_new, out);
    }
    const bool belongs = !is_new && is_near(keys_.read(slot).first, event->time);
    if (!(belongs ? add(*event, *part, slot) : begin(*event, *part, slot, is_new, out))) {
      return refuse(event, "merge: with this event it would have more than 1000 fields or 64 KiB",
                    slot, is_new, out);
    }
    if (belongs) out.drop(*event, "merged");
    if (!expect_.empty() && is_complete(keys_.read(slot))) {
      leave_now(slot, out);
      keys_.erase(slot);
      return false;
    }
    return !belongs;
  }

  // The event becomes a part of the whole. False: it would be too large; nothing changed.
  bool add(const Event& event, const Value& part, Slot slot) {
    if (part.as_map().size() > MergeConfig::max_fields) return false;
    bool is_added = false;
    keys_.edit(slot, [&](Whole& whole) {
      is_added = whole.fields.add(part, bounds_of(whole.event));
      if (!is_added) return;
      whole.latest = std::max(whole.latest, event.time);
      ++whole.count;
    });
    return is_added;
  }

  // The event begins a whole, and the one that was there leaves. False: as for add().
  bool begin(const Event& event, const Value& part, Slot slot, bool is_new, StepOutput& out) {
    if (part.as_map().size() > MergeConfig::max_fields) return false;
    Event empty = event;
    empty.payload = {};
    empty.has_payload = false;
    empty.is_unchanged = false;
    empty.data = Value::map({});
    empty.extensions = extensions_of_result(event, {}, out.arena());
    Whole whole;
    whole.first = whole.latest = event.time;
    whole.count = 1;
    if (!whole.event.hold(empty) || !whole.fields.add(part, bounds_of(whole.event))) return false;
    if (!is_new) leave_now(slot, out);
    keys_.edit(slot, [&](Whole& changed) { changed = std::move(whole); });
    return true;
  }

  // The event and its fields have 64 KiB together.
  static MergedFields::Bounds bounds_of(const HeldEvent& event) {
    MergedFields::Bounds bounds = Whole::bounds;
    bounds.bytes -= std::min(bounds.bytes, event.heap_bytes());
    return bounds;
  }

  bool refuse(Event* event, std::string_view why, Slot slot, bool is_new, StepOutput& out) {
    out.fail(event, why);
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

  bool is_complete(const Whole& whole) const {
    return std::ranges::all_of(expect_,
                               [&](const std::string& name) { return whole.fields.has(name); });
  }

  void leave_now(Slot slot, StepOutput& out) const {
    const Whole& whole = keys_.read(slot);
    Event* const event = whole.event.release(out.arena());
    event->data = whole.fields.value(out.arena());
    event->time = whole.latest;
    const Attribute count{"mergecount", Value::integer(static_cast<std::int64_t>(whole.count))};
    const Attribute complete{"mergecomplete", Value::boolean(is_complete(whole))};
    event->extensions = expect_.empty()
                            ? extensions_of_result(*event, {count}, out.arena())
                            : extensions_of_result(*event, {count, complete}, out.arena());
    out.emit(event);
  }

  const std::optional<Expression> field_;
  const Duration within_;
  std::vector<std::string> expect_;  // as MergedFields has names; constant
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
