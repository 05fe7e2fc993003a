// What tests of steps share: an output that remembers, and short ways to make events.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/value.h"
#include "pipelines/step.h"
#include "pipelines/step_error.h"

namespace sluice::testing {

// Remembers all that a step does. Everything lives as long as the Recording.
class Recording final : public StepOutput {
 public:
  Arena& arena() override { return arena_; }
  void emit(Event* event) override { emitted.push_back(event); }
  void emit_to(std::size_t output, Event* event) override { named[output].push_back(event); }
  void drop(const Event&, std::string_view reason) override { ++dropped[std::string(reason)]; }
  void fail(Event* event, std::string_view reason) override {
    failed.push_back(event);
    reasons.emplace_back(reason);
  }
  void count(std::string_view what, std::uint64_t amount) override {
    counted[std::string(what)] += amount;
  }

  // The emitted events since the last call.
  std::vector<Event*> take() { return std::exchange(emitted, {}); }

  std::vector<Event*> emitted;
  std::map<std::size_t, std::vector<Event*>> named;
  std::map<std::string, std::uint64_t> dropped;
  std::vector<Event*> failed;
  std::vector<std::string> reasons;
  std::map<std::string, std::uint64_t> counted;

 private:
  Arena arena_;
};

inline Timestamp at_ms(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

// An event of `subject` at `ms` after the epoch with data {"v": value}.
inline Event* make_event(Arena& arena, std::string_view subject, std::int64_t ms, Value value) {
  MapEntry* entry = arena.make(MapEntry{Value::string("v"), value});
  Event* event = arena.make<Event>();
  event->subject = arena.copy(subject);
  event->time = at_ms(ms);
  event->data = Value::map({entry, 1});
  return event;
}

// An event whose data is a map of these, in this order.
inline Event* make_event(Arena& arena, std::vector<std::pair<std::string_view, Value>> fields) {
  MapEntry* entries = arena.array<MapEntry>(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    entries[i] = {Value::string(fields[i].first), fields[i].second};
  }
  Event* event = arena.make<Event>();
  event->data = Value::map({entries, fields.size()});
  return event;
}

// The step, or the end of the program with what is wrong.
inline std::unique_ptr<Step> must(StepOrErrors made) {
  if (const auto* errors = std::get_if<StepErrors>(&made)) {
    for (const StepError& error : *errors) {
      std::fprintf(stderr, "%s:%zu: %s\n", error.field.c_str(), error.offset,
                   error.message.c_str());
    }
    std::abort();
  }
  return std::get<std::unique_ptr<Step>>(std::move(made));
}

// "field:offset" of all errors; empty when there was none.
inline std::vector<std::string> places(const StepOrErrors& made) {
  std::vector<std::string> places;
  if (const auto* errors = std::get_if<StepErrors>(&made)) {
    for (const StepError& error : *errors) {
      places.push_back(error.field + ":" + std::to_string(error.offset));
    }
  }
  return places;
}

// Writes the whole state in slices of about `max_bytes` and reads it into `to`.
inline Result<void> copy_state(Step& from, Step& to, std::size_t max_bytes = 1 << 16) {
  from.begin_snapshot();
  for (bool is_last = false; !is_last;) {
    std::string slice;
    is_last = from.save_slice(max_bytes, slice);
    TRY(to.load_slice(slice));
  }
  return {};
}

}  // namespace sluice::testing
