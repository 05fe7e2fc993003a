// KeyedStep: what all steps share that remember something per key: read the key and a value of the
// event, find what is remembered within bounds, save and load it, forget it.
//
//   event --value, key--> Entry of the key --take()--> passes, or drops with a reason
//
// An event on which an expression fails changes nothing. Of a new key that is refused (WhenFull)
// the event is dropped, reason "max_keys"; keys that go are counted as "evicted_keys" and
// "forgotten_keys".
//
// Entry: see BoundedKeys.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pipelines/step.h"
#include "pipelines/step_error.h"
#include "pipelines/steps/bounded_keys.h"
#include "pipelines/windows/window_key.h"

namespace sluice {

template <typename Entry>
class KeyedStep : public Step {
 public:
  using Keys = BoundedKeys<Entry>;
  using Slot = typename Keys::Slot;

  // Without `key` all events share one entry; without `value` take() is given null.
  KeyedStep(std::optional<Expression> key, std::optional<Expression> value, const KeyBounds& bounds)
      : keys_(bounds), key_(std::move(key)), value_(std::move(value)) {}

  bool uses_data() const override { return key_.uses_data() || (value_ && value_->uses_data()); }

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) process(event, out);
  }

  void advance_time(EngineTime now, StepOutput& out) override {
    keys_.end_block(now, [&](Slot slot) { leave(slot, Leaving::forgotten, out); });
  }
  std::optional<EngineTime> next_timer() const override { return keys_.next_timer(); }

  bool is_stateful() const override { return true; }
  void begin_snapshot() override { keys_.begin_snapshot(); }
  // A slice: version byte, records of keys.
  bool save_slice(std::size_t max_bytes, std::string& out) override {
    put_fixed<std::uint8_t>(out, format_version);
    return keys_.save_slice(max_bytes, out);
  }
  Result<void> load_slice(std::string_view slice) override {
    ByteReader in(slice);
    if (in.fixed<std::uint8_t>() != format_version) {
      return Error{ErrorKind::corrupt, "the saved state of a step cannot be read"};
    }
    return keys_.load_slice(in.rest());
  }
  std::size_t memory_bytes() const override { return sizeof(*this) + keys_.memory_bytes(); }
  std::size_t memory_limit() const override { return sizeof(*this) + keys_.memory_limit(); }

 protected:
  // Empty when take() can use `value`; else what it needs, as in "a finite number".
  virtual std::string_view refuses(const Value& value) const {
    (void)value;
    return {};
  }

  // What becomes of the event: emits, drops or keeps it. `slot` is its key's, and new when
  // `is_new`. True: the key was used.
  virtual bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) = 0;

  enum class Leaving : std::uint8_t { evicted, forgotten };
  // The key is about to go: an entry that holds an event lets it leave, and it is counted.
  virtual void leave(Slot slot, Leaving why, StepOutput& out) {
    (void)slot;
    out.count(why == Leaving::evicted ? "evicted_keys" : "forgotten_keys", 1);
  }

  Keys keys_;

 private:
  static constexpr std::uint8_t format_version = 1;

  void process(Event* event, StepOutput& out) {
    Value value;
    if (value_) {
      value = value_->evaluate(*event, out.arena());
      const std::string_view wanted = value.is_error() ? std::string_view{} : refuses(value);
      if (value.is_error() || !wanted.empty()) {
        out.fail(event, value.is_error() ? "value: " + std::string(value.as_text())
                                         : "value: needs " + std::string(wanted) + ", not " +
                                               to_json(value).substr(0, 80) + " (" +
                                               std::string(kind_name(value.kind())) + ")");
        return;
      }
    }
    const auto key = key_.read(*event, out.arena());
    if (!key) {
      out.fail(event, key.error().message);
      return;
    }
    const auto evicted = [&](Slot oldest) { leave(oldest, Leaving::evicted, out); };
    Slot slot = keys_.find(*key);
    const bool is_new = slot == Keys::none;
    if (is_new) slot = keys_.add(*key, evicted);
    if (slot == Keys::none) {
      out.drop(*event, "max_keys");
      return;
    }
    if (take(event, value, slot, is_new, out) && !is_new) keys_.use(slot);
    keys_.shrink(evicted);
  }

  WindowKey key_;
  std::optional<Expression> value_;
};

// What the configurations of keyed steps share. Fields named in errors: "key", "max_keys".
struct KeyedConfig {
  std::string key;  // an expression; empty: one key for all events
  KeyBounds bounds;
};

// The key's expression when there is one; what is wrong was added to `errors`.
inline std::optional<Expression> compile_key(const KeyedConfig& config, StepErrors& errors) {
  if (config.bounds.max_keys == 0) {
    errors.push_back({"max_keys", 0, "at least one key must be allowed"});
  }
  return config.key.empty() ? std::nullopt : compile_field("key", config.key, 0, errors);
}

}  // namespace sluice
