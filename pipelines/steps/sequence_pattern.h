// SequencePattern: the conditions of a sequence's steps, and the event that a match becomes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "pipelines/step_error.h"
#include "pipelines/steps/result_fields.h"
#include "pipelines/steps/sequence.h"
#include "pipelines/steps/sequence_matches.h"

namespace sluice {

class SequencePattern {
 public:
  // A set of steps: bit n is step n.
  using Steps = std::uint32_t;

  // What an event is to the steps that were asked for.
  struct Wanted {
    Steps when = 0;     // it is what they wait for
    Steps without = 0;  // it must not come before what they wait for
  };

  // What is wrong is added to `errors`; then the pattern must not be used.
  SequencePattern(const SequenceConfig& config, StepErrors& errors);

  std::size_t size() const { return steps_.size(); }

  // Evaluates the conditions of these steps alone.
  //   bad_input  one of them failed, or is neither true nor false
  Result<Wanted> look(const Event& event, Steps asked, Arena& arena) const;

  // The events of a match, whole or not, under their names; `events`, as in OpenMatch, are lent to
  // the result.
  Event* result(std::string_view key, std::string_view events, Timestamp time, Arena& arena) const;
  bool has_where() const { return where_.has_value(); }
  // Whether `where` is true of a whole match; there must be one. Errors: bad_input.
  Result<bool> is_match(const Event& result, Arena& arena) const;
  // The fields of `emit` over a whole match, or its data when there are none. Errors: bad_input.
  Result<Value> emitted(const Event& result, Arena& arena) const;

 private:
  struct Awaited {
    std::string name;
    std::optional<Expression> when;
    std::optional<Expression> without;
  };

  std::vector<Awaited> steps_;
  std::optional<Expression> where_;
  std::vector<ResultField> emit_;
};

}  // namespace sluice
