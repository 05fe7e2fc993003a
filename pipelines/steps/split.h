// split: makes an event of each element of a list.
//
//   split = { list = "data.readings" }                         data is the element
//   split = { list = "data.readings", into = "data.reading" }  data is that of the whole, with the
//                                                               element at this path in place of
//                                                               the list
//
// Each event is as the whole was, with the extensions splitindex (0, 1, ...) and splitcount, and,
// when the whole still has its id (no step before this one changed it), causationid = that id, and
// correlationid = that id unless one was set. An empty list gives nothing: dropped, reason
// "empty_list". What is no list, or has more than 1000 elements, fails.
#pragma once

#include <string>

#include "pipelines/step_error.h"

namespace sluice {

struct SplitConfig {
  static constexpr std::size_t max_events = 1000;

  std::string list;  // an expression
  std::string into;  // a field path below data, or empty
};

// Fields named in errors: "list", "into".
StepOrErrors make_split(const SplitConfig& config);

}  // namespace sluice
