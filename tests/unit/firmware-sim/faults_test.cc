#include "firmware-sim/fleet/faults.h"

#include <gtest/gtest.h>

#include "firmware-sim/fleet/phases.h"

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

TEST(Episodes, Come_as_often_and_last_as_long_as_asked_for) {
  double on_ms = 0;
  std::uint64_t begun = 0;
  constexpr double run_ms = 1e6;
  for (std::uint32_t device = 0; device < 200; ++device) {
    Episodes episodes({9s, 1s}, 42, "test", device);
    double last = 0;
    while (episodes.next_change_ms() < run_ms) {
      const double next = episodes.next_change_ms();
      EXPECT_GE(next, last);
      if (episodes.is_on()) {
        EXPECT_GE(next - last, 500);
        EXPECT_LE(next - last, 1500);
        on_ms += next - last;
      } else {
        ++begun;
      }
      last = next;
      ASSERT_TRUE(episodes.advance(next));
      if (episodes.is_on()) {
        EXPECT_EQ(episodes.began_ms(), next);
      }
      EXPECT_FALSE(episodes.advance(next)) << "there is one change at a time";
    }
  }
  // A pause of 9 s and an episode of 1 s: a tenth of the time, 20,000 times.
  EXPECT_NEAR(on_ms, 200 * run_ms / 10, 200 * run_ms / 10 * 0.03);
  EXPECT_NEAR(static_cast<double>(begun), 20'000, 600);
}

TEST(Episodes, Are_the_same_again_however_they_are_asked_for) {
  Episodes in_steps({9s, 1s}, 1, "test", 3);
  Episodes at_once({9s, 1s}, 1, "test", 3);
  for (double now = 0; now < 1e6; now += 10) (void)in_steps.is_on_at(now);
  EXPECT_EQ(in_steps.is_on_at(1e6), at_once.is_on_at(1e6));
  EXPECT_EQ(in_steps.number(), at_once.number());
  EXPECT_EQ(in_steps.next_change_ms(), at_once.next_change_ms());
  EXPECT_NE(Episodes({9s, 1s}, 1, "test", 4).next_change_ms(),
            Episodes({9s, 1s}, 1, "test", 3).next_change_ms());
}

TEST(Episodes, There_are_none_by_default) {
  Episodes none;
  EXPECT_FALSE(none.is_on_at(1e15));
}

TEST(Phases, Follow_one_another) {
  const Phases phases({{.name = "a", .lasts = 2s}, {.name = "b", .lasts = 3s}});
  EXPECT_EQ(phases.end_ms(), 5000);
  EXPECT_EQ(phases.at(0), 0U);
  EXPECT_EQ(phases.at(1999.9), 0U);
  EXPECT_EQ(phases.at(2000), 1U);
  EXPECT_EQ(phases.at(9000), 1U);
}

TEST(Phases, A_ramp_switches_the_devices_on_one_after_the_other) {
  const Phases ramp({{.name = "ramp", .lasts = 100s, .ramp = true}});
  EXPECT_EQ(ramp.switch_on_ms(0.5), 50'000);
  const Phases steady({{.name = "steady", .lasts = 100s}});
  EXPECT_EQ(steady.switch_on_ms(0.5), 500) << "at once, but not in one instant";
}

}  // namespace
}  // namespace sluice::sim
