// What a replay found, as text for a person and as JSON.
#pragma once

#include <cstddef>
#include <string>

#include "gateway/replay/replay_report.h"

namespace sluice {

// Per pipeline at most `most_keys` keys that differ, each with an example; 0: all.
std::string render_replay(const ReplayReport& report, std::size_t most_keys);

// One JSON object with all keys; the first `most_examples` keys of a pipeline have an example.
std::string replay_json(const ReplayReport& report, std::size_t most_examples);

}  // namespace sluice
