// World: one run. Draws one action after the other, then lets everything come to rest and checks
// the accounts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/account.h"
#include "tests/sim/box.h"
#include "tests/sim/devices.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_store.h"
#include "tests/sim/upstream.h"

namespace sluice::sim {

// What a run met: a simulation that never meets a fault proves nothing.
struct Tally {
  std::uint64_t crashes = 0;
  std::uint64_t crashes_in_commit = 0;  // durable, but nobody was told
  std::uint64_t clean_restarts = 0;
  std::uint64_t failed_commits = 0;
  std::uint64_t replayed_blocks = 0;
  std::uint64_t snapshots_found = 0;
  std::uint64_t redelivered = 0;  // repeats that the engine dropped
  std::uint64_t acknowledged = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t rejected = 0;  // events that upstream refused for good
  std::uint64_t repeats_upstream = 0;
  std::uint64_t windows = 0;
  std::uint64_t later_revisions = 0;
  void add(const Tally& other);
};

struct RunReport {
  std::vector<std::string> complaints;  // empty: all is well
  std::uint64_t failed_step = 0;        // of the first complaint; the number of steps: at the end
  std::uint64_t trace = 0;              // a hash of all that went in and out
  Tally tally;
};

// A run is a function of these two.
RunReport run(std::uint64_t seed, std::uint64_t steps);

}  // namespace sluice::sim
