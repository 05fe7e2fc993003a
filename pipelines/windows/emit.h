// Emit: the fields that a window gives, each an aggregate over an expression.
//
//   emit = { mean = "avg(data.temperature)", n = "count()", hot = "count() where data.t > 80.0" }
//
//   event --read--> Readings --add--> Pane [ state of mean | state of n ] --result--> {mean: .., n:
//   ..}
//
// Reading is apart from adding, so that an event that fails on one field changes none. A reading
// that is absent or null is left out of its aggregate and counted. So is one whose condition is
// absent or null; when it is false the event is none of the field's, and its argument is not looked
// at. Owned by one step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/event.h"
#include "core/result.h"
#include "pipelines/aggregates/aggregate.h"
#include "pipelines/data_path.h"
#include "pipelines/expression/expression.h"
#include "pipelines/step_error.h"

namespace sluice {

struct EmitField {
  std::string name;  // in the window's data
  std::string text;  // "avg(data.temperature)"
};

class Emit;

// The states of all fields for one key and one span of time. Lent to its Emit, which outlives it.
class Pane {
 public:
  Pane() = default;
  Pane(Pane&& other) noexcept
      : emit_(std::exchange(other.emit_, nullptr)), states_(std::move(other.states_)) {}
  Pane& operator=(Pane&& other) noexcept;
  ~Pane();

  void save(std::string& out) const;
  std::size_t heap_bytes() const;

 private:
  friend class Emit;
  void destroy();

  const Emit* emit_ = nullptr;
  std::unique_ptr<std::byte[]> states_;
};

class Emit {
 public:
  static constexpr std::size_t max_fields = 64;

  // Errors name the field "emit" or "emit.NAME".
  static std::variant<std::unique_ptr<Emit>, StepErrors> compile(
      const std::vector<EmitField>& fields);

  Emit(const Emit&) = delete;
  Emit& operator=(const Emit&) = delete;

  // What a field sees of an event.
  struct Reading {
    Value value;            // null: absent
    bool is_wanted = true;  // false: the field's condition is
  };
  using Readings = std::span<const Reading>;
  // One for each field. Valid until the next call.
  //   bad_input  an expression failed, a condition is no bool, or an aggregate refuses its value
  Result<Readings> read(const Event& event, Arena& arena);

  Pane make_pane() const;
  Pane copy(const Pane& pane) const;
  // Makes `pane`, of this Emit, a copy of `other`.
  void assign(Pane& pane, const Pane& other) const;

  // What add() left out of the aggregates.
  struct LeftOut {
    std::uint64_t absent = 0;  // values that were absent or null
    std::uint64_t full = 0;    // values beyond an aggregate's bound
  };
  void add(Pane& pane, Readings readings, Timestamp time, LeftOut& left_out) const;
  // Adds what `later` has seen to `pane`; see Aggregate::merge.
  void merge(Pane& pane, const Pane& later) const;
  // A map of the fields in the order of the configuration, in `arena`.
  Value result(const Pane& pane, Arena& arena) const;
  // Reads what Pane::save wrote into a new pane; fails the reader when that makes no sense.
  Pane load_pane(ByteReader& in) const;

  bool uses_data() const;
  // Whether adding to a pane may change its heap_bytes().
  bool is_growing() const { return growing_fields_ > 0; }
  // What a pane holds that nothing was added to, and by how much one add lets it grow at most.
  std::size_t new_pane_bytes() const { return make_pane().heap_bytes(); }
  std::size_t max_growth() const { return growing_fields_ * Aggregate::max_growth; }

 private:
  friend class Pane;

  struct Argument {
    Expression expression;
    std::optional<DataPath> path;  // when it is a plain one
  };
  struct Field {
    std::string name;
    std::unique_ptr<Aggregate> aggregate;
    std::vector<Argument> arguments;  // none: every event counts; two: a reading is a list of both
    std::optional<Argument> where;    // nothing: every event is the field's
    std::size_t offset = 0;           // of its state in a pane
  };

  Emit() = default;
  static std::optional<Field> compile_field(const EmitField& field, StepErrors& errors);
  static std::optional<Argument> compile_argument(const std::string& where, std::string_view text,
                                                  std::size_t offset, StepErrors& errors);
  static Value read_argument(const Argument& argument, const Event& event, Arena& arena);
  static Value read_arguments(const Field& field, const Event& event, Arena& arena);
  static Result<Reading> read_field(const Field& field, const Event& event, Arena& arena);
  void lay_out();
  void* state(Pane& pane, const Field& field) const { return pane.states_.get() + field.offset; }
  const void* state(const Pane& pane, const Field& field) const {
    return pane.states_.get() + field.offset;
  }

  std::vector<Field> fields_;       // constant after construction
  std::size_t pane_bytes_ = 0;      // constant after construction
  std::size_t growing_fields_ = 0;  // constant after construction
  std::vector<Reading> readings_;   // one for each field
};

}  // namespace sluice
