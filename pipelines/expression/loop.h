// Loop: one macro over a list or map while it runs (all, exists, map, filter ...). The compiled
// form and the tests' plain evaluator both step it; they differ in how they evaluate the body.
//
//   begin(range) -> while next(variables): [filter(truth)] collect(body) -> end()
//
// Errors follow CEL: all() and exists() absorb those of elements when another element decides; the
// others end with the first error.
#pragma once

#include <cstdint>
#include <span>

#include "core/value.h"
#include "pipelines/expression/ast.h"
#include "pipelines/expression/context.h"

namespace sluice::cel {

class Loop {
 public:
  enum class Turn : std::uint8_t { body, next, finished };

  // False: there is nothing to run over; result() is the error.
  bool begin(Macro macro, const Value& range, Context& context);
  // Sets one or two variables to the next element; false at the end. Spends `units`.
  bool next(std::span<Value> variables, std::uint64_t units, Context& context);
  // body: evaluate it; next: the element is left out; finished: result() is the error.
  Turn filter(const Value& truth, Context& context);
  // next, or finished when the result is known: result().
  Turn collect(const Value& body, const Value& first_variable, Context& context);
  // After the last element.
  Value end(Context& context);
  const Value& result() const { return result_; }

 private:
  Turn collect_truth(const Value& body, Context& context);
  Turn collect_entries(const Value& body, Context& context);
  Turn add_entry(const Value& key, const Value& value, Context& context);
  Turn finish(const Value& result);
  Value element() const;

  Macro macro_ = Macro::all;
  bool is_map_ = false;
  Value range_;
  std::size_t size_ = 0;
  std::size_t position_ = 0;  // of the element that comes next
  Value result_;
  Value first_error_;  // of all() and exists(); null: none so far
  std::uint64_t truths_ = 0;
  Value* items_ = nullptr;  // room for `size_`
  Value* keys_ = nullptr;   // sortBy: room for `size_`
  MapEntry* entries_ = nullptr;
  std::size_t count_ = 0;
  std::size_t room_ = 0;  // of entries_
};

}  // namespace sluice::cel
