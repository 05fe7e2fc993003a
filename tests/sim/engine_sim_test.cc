// The simulation as a test: many seeds, or one that is to be seen again.
//
//   engine_sim                          seeds 1 to 300
//   engine_sim --first 1000 --seeds 50  fifty others
//   engine_sim --seed 17 --steps 400    one; also with SLUICE_SIM_SEED=17 in the environment
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "core/log.h"
#include "tests/sim/world.h"

namespace sluice::sim {
namespace {

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 300;
  std::uint64_t steps = 300;
};
Options options;

std::string describe(const RunReport& report) {
  constexpr std::size_t enough = 5;
  std::string text;
  for (std::size_t i = 0; i < report.complaints.size() && i < enough; ++i) {
    text += "\n  " + report.complaints[i];
  }
  if (report.complaints.size() > enough) {
    text += "\n  ... and " + std::to_string(report.complaints.size() - enough) + " more";
  }
  return text;
}

TEST(EngineSimulation, Every_acknowledged_event_is_upstream_and_none_counts_twice) {
  Tally all;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const RunReport report = run(seed, options.steps);
    EXPECT_TRUE(report.complaints.empty())
        << "seed " << seed << ", step " << report.failed_step << "; again with: engine_sim --seed "
        << seed << " --steps " << options.steps << describe(report);
    all.add(report.tally);
  }
  std::cout << all.acknowledged << " acknowledged, " << all.windows << " windows, "
            << all.later_revisions << " later revisions, " << all.crashes << " crashes, "
            << all.crashes_in_commit << " of them in a commit, " << all.clean_restarts
            << " clean restarts, " << all.failed_commits << " failed commits, "
            << all.snapshots_found << " snapshots found, " << all.replayed_blocks
            << " blocks replayed, " << all.redelivered << " repeats dropped, "
            << all.repeats_upstream << " repeats upstream, " << all.rejected << " rejected, "
            << all.dead_letters << " dead letters\n";
  if (options.seeds < 100) return;
  // A simulation that meets no trouble proves nothing.
  for (const std::uint64_t met :
       {all.acknowledged, all.windows, all.later_revisions, all.crashes_in_commit,
        all.clean_restarts, all.failed_commits, all.snapshots_found, all.replayed_blocks,
        all.redelivered, all.repeats_upstream, all.rejected, all.dead_letters}) {
    EXPECT_GT(met, options.seeds / 2);
  }
}

TEST(EngineSimulation, A_run_is_a_function_of_its_seed) {
  const RunReport once = run(options.first, options.steps);
  const RunReport again = run(options.first, options.steps);
  EXPECT_EQ(once.trace, again.trace);
  EXPECT_EQ(once.tally.acknowledged, again.tally.acknowledged);
  EXPECT_NE(once.trace, run(options.first + 1, options.steps).trace);
}

// False: an option that is not known.
bool read_options(int count, char** words) {
  if (const char* seed = std::getenv("SLUICE_SIM_SEED")) {
    options.first = std::strtoull(seed, nullptr, 10);
    options.seeds = 1;
  }
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i];
    const std::uint64_t number = std::strtoull(words[i + 1], nullptr, 10);
    if (name == "--seed") {
      options.first = number;
      options.seeds = 1;
    } else if (name == "--first") {
      options.first = number;
    } else if (name == "--seeds") {
      options.seeds = number;
    } else if (name == "--steps") {
      options.steps = number;
    } else {
      return false;
    }
  }
  return count % 2 == 1;
}

}  // namespace
}  // namespace sluice::sim

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  if (!sluice::sim::read_options(count, words)) {
    std::cerr << "usage: engine_sim [--seed N | --first N --seeds N] [--steps N]\n";
    return 2;
  }
  // Failures are what the simulation makes all the time; what matters is in the complaints.
  sluice::set_log_level(sluice::LogLevel::error);
  return RUN_ALL_TESTS();
}
