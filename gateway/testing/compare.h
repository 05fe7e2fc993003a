// Compares an event that came out with what a test expects, value by value.
//
//   { subject = "hall", data = { mean = 21.5 } }   against {..,"subject":"hall","data":{"mean":22}}
//   -->   = subject: "hall"     - data.mean: 21.5     + data.mean: 22
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "gateway/testing/test_file.h"

namespace sluice {

// One thing that was compared. Texts are JSON; an empty one: it is not there.
struct Comparison {
  std::string path;  // "data.mean", or "check" for a condition
  std::string expected;
  std::string got;
  bool is_same = false;
};

// An event that came out.
struct GotEvent {
  std::string json;
  Value attributes;  // of `json`
};

// Everything that was compared, in the order in which it is expected; then what `got` has beside it
// where that is not allowed. Numbers are the same when their values are: 21 is 21.0. Lists must
// have the same length. Of a dead letter's `reason` a part is enough. `arena` is for conditions.
std::vector<Comparison> compare_event(const ExpectedEvent& expected, const GotEvent& got,
                                      bool is_dead_letter, Arena& arena);

// True when all of it is the same.
bool is_match(const std::vector<Comparison>& comparisons);

}  // namespace sluice
