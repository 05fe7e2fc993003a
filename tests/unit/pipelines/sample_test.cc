#include "pipelines/steps/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(Sample, Every_nth_agrees_with_counting) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const std::uint32_t every = 1 + seed % 5;
    std::map<std::string, std::uint32_t> seen;
    compare_with_oracle(
        seed,
        [&] {
          return make_sample({{"subject", {}}, every, {}});
        },
        [&](const Event& event) { return seen[std::string(event.subject)]++ % every == 0; }, false);
  }
}

TEST(Sample, One_per_interval_agrees_with_the_latest_interval_that_was_served) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const std::int64_t per = 10 + seed % 7 * 9;
    std::map<std::string, std::int64_t> latest;
    compare_with_oracle(
        seed,
        [&] {
          return make_sample({{"subject", {}}, {}, milliseconds(per)});
        },
        [&](const Event& event) {
          std::int64_t start = -10'000 * per;  // counted up from far below
          while (start + per <= ms_of(event)) start += per;
          const auto [known, is_new] = latest.try_emplace(std::string(event.subject), start);
          if (!is_new && start <= known->second) return false;
          known->second = start;
          return true;
        },
        false);
  }
}

TEST(Sample, Needs_one_of_every_and_per) {
  EXPECT_THAT(places(make_sample({{}, {}, {}})), ElementsAre("sample:0"));
  EXPECT_THAT(places(make_sample({{}, 0, milliseconds(0)})),
              ElementsAre("sample:0", "every:0", "per:0"));
}

}  // namespace
}  // namespace sluice
