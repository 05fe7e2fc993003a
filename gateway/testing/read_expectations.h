// Reads what a test case expects: `expect.NAME = [...]`.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/node.h"
#include "core/arena.h"
#include "gateway/configuration.h"
#include "gateway/testing/test_file.h"

namespace sluice {

// A place where events come out.
struct KnownOutput {
  std::string name;
  bool is_tapped = false;  // of a pipeline, not a sink: a tap makes it visible
};

// All outputs of a configuration that a case can name; sinks first.
std::vector<KnownOutput> list_outputs(const Configuration& configuration);

struct ExpectationSurroundings {
  Diagnostics& diagnostics;
  Arena& arena;                           // for what is expected
  const std::vector<KnownOutput>& known;  // empty: the configuration is bad, all names are taken
};

// All outputs that `expect` names, in the order of the file; what is wrong is reported.
std::vector<ExpectedOutput> read_expectations(const Node& expect, Match match,
                                              const ExpectationSurroundings& surroundings);

}  // namespace sluice
