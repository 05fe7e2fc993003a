// Aggregate: one incremental summary of values, such as avg. It holds no values itself: it knows
// how to keep a State of fixed size, which lies in a pane beside those of the other emitted fields.
//
//   accepts? --> add --> State <-- merge -- State of another pane
//                          |--> result
//
// Bounded in memory, and deterministic: only + - * / and sqrt on doubles, in the order of the
// calls.
//
// A new aggregate is a struct with the members that AggregateState asks for, in a file of its own,
// and one line in catalog.cc.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/value.h"

namespace sluice {

// One value that goes into an aggregate. Never null.
struct Sample {
  Value value;
  Timestamp time;  // of the event
};

class Aggregate {
 public:
  virtual ~Aggregate() = default;

  // Empty when `value` can be added; else what the aggregate needs, as in "a finite number".
  virtual std::string_view refuses(const Value& value) const = 0;

  // --- A state lies in memory of this size and alignment; it is made and destroyed once ---
  virtual std::size_t state_bytes() const = 0;
  virtual std::size_t state_alignment() const = 0;
  virtual void make(void* state) const = 0;
  virtual void copy(void* state, const void* other) const = 0;
  virtual void destroy(void* state) const = 0;

  // False: a bound is reached and the value is left out. The value must not be refused.
  virtual bool add(void* state, const Sample& sample) const = 0;
  // Adds what `later` has seen; all of it came after what `state` has seen, or with later times.
  virtual void merge(void* state, const void* later) const = 0;
  // Null when there is none (the average of nothing), or when it is not a finite number.
  virtual Value result(const void* state, Arena& arena) const = 0;

  virtual void save(const void* state, std::string& out) const = 0;
  // Into a state just made. Calls reader.fail() when the bytes make no sense.
  virtual void load(void* state, ByteReader& in) const = 0;

  // At most what a state holds beside itself: a function of what save() writes, so that a loaded
  // state counts the same. An add, and a merge compared with both states before it, makes it grow
  // by max_growth at most. States of one aggregate may differ only if is_growing().
  static constexpr std::size_t max_growth = 4096;
  virtual std::size_t heap_bytes(const void* state) const = 0;
  virtual bool is_growing() const = 0;
};

template <typename State>
concept AggregateState = std::copy_constructible<State> &&
                         requires(State& state, const State& other, const Sample& sample,
                                  Arena& arena, std::string& out, ByteReader& in) {
                           { State::refuses(sample.value) } -> std::same_as<std::string_view>;
                           { State::is_growing } -> std::convertible_to<bool>;
                           { state.add(sample) } -> std::same_as<bool>;
                           { state.merge(other) };
                           { other.result(arena) } -> std::same_as<Value>;
                           { other.save(out) };
                           { state.load(in) };
                           { other.heap_bytes() } -> std::same_as<std::size_t>;
                         };

// An Aggregate made of its State; `initial` is what each state starts as. One that has parameters
// which no state needs to hold derives from this and overrides what they matter to.
template <AggregateState State>
class AggregateOf : public Aggregate {
 public:
  explicit AggregateOf(State initial = State()) : initial_(std::move(initial)) {}

  std::string_view refuses(const Value& value) const override { return State::refuses(value); }
  std::size_t state_bytes() const override { return sizeof(State); }
  std::size_t state_alignment() const override { return alignof(State); }
  void make(void* state) const override { ::new (state) State(initial_); }
  void copy(void* state, const void* other) const override { ::new (state) State(of(other)); }
  void destroy(void* state) const override { of(state).~State(); }
  bool add(void* state, const Sample& sample) const override { return of(state).add(sample); }
  void merge(void* state, const void* later) const override { of(state).merge(of(later)); }
  Value result(const void* state, Arena& arena) const override { return of(state).result(arena); }
  void save(const void* state, std::string& out) const override { of(state).save(out); }
  void load(void* state, ByteReader& in) const override { of(state).load(in); }
  std::size_t heap_bytes(const void* state) const override { return of(state).heap_bytes(); }
  bool is_growing() const override { return State::is_growing; }

 protected:
  static State& of(void* state) { return *static_cast<State*>(state); }
  static const State& of(const void* state) { return *static_cast<const State*>(state); }

 private:
  const State initial_;
};

// --- What several aggregates share ---

// For how many items a list has room to which they were added one by one.
inline std::size_t list_room(std::size_t items) { return items == 0 ? 0 : std::bit_ceil(items); }

// What a text that was appended to takes at most beside the string; short ones lie in it.
inline std::size_t text_heap_bytes(const std::string& text) {
  return text.size() <= std::string().capacity() ? 0 : 2 * text.size() + 1;
}

// For State::refuses. Not a number and infinity would stay in a state for ever.
inline std::string_view refuses_all_but_finite_numbers(const Value& value) {
  if (value.kind() == Kind::integer || value.kind() == Kind::uinteger) return {};
  if (value.kind() == Kind::number && std::isfinite(value.as_double())) return {};
  return "a finite number";
}

// A result that overflowed is null: JSON has no infinity.
inline Value finite_or_null(double number) {
  return std::isfinite(number) ? Value::number(number) : Value::null();
}

}  // namespace sluice
