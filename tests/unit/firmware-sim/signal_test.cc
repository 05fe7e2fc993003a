#include "firmware-sim/fleet/signal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

std::vector<double> readings(const SignalSpec& spec, int count, double interval_s = 1,
                             std::uint64_t seed = 1, std::uint32_t device = 0) {
  Signal signal(spec, seed, device, 0);
  std::vector<double> all;
  for (int n = 0; n < count; ++n) {
    all.push_back(signal.at(static_cast<std::uint64_t>(n), n * interval_s));
  }
  return all;
}

TEST(Signal, Without_parts_it_is_constant) {
  SignalSpec spec;
  spec.base = 21.5;
  for (const double reading : readings(spec, 10)) EXPECT_EQ(reading, 21.5);
}

TEST(Signal, A_ramp_grows_with_time) {
  SignalSpec spec;
  spec.base = 10;
  spec.ramp = RampSpec{6, 1min};
  EXPECT_EQ(readings(spec, 4, 10), (std::vector<double>{10, 11, 12, 13}));
}

TEST(Signal, A_sine_and_a_season_are_added) {
  SignalSpec spec;
  spec.decimals = 3;
  spec.sine = SineSpec{4, 8s, 0.0};
  spec.season = SineSpec{10, 80s, 0.25};
  const auto all = readings(spec, 40);
  for (int n = 0; n < 40; ++n) {
    const double turn = 2 * 3.14159265358979 * n;
    EXPECT_NEAR(all[static_cast<std::size_t>(n)], 4 * std::sin(turn / 8) + 10 * std::cos(turn / 80),
                0.001)
        << n;
  }
}

TEST(Signal, A_step_lasts_from_its_instant_on) {
  SignalSpec spec;
  spec.steps = {{2s, 5}, {4s, -1}};
  EXPECT_EQ(readings(spec, 6), (std::vector<double>{0, 0, 5, 5, 4, 4}));
}

TEST(Signal, A_walk_goes_by_small_steps_and_turns_round_at_its_bound) {
  SignalSpec spec;
  spec.decimals = 3;
  spec.walk = WalkSpec{1, 3};
  const auto all = readings(spec, 5000);
  double lowest = 0;
  double highest = 0;
  for (std::size_t n = 1; n < all.size(); ++n) {
    EXPECT_LE(std::abs(all[n] - all[n - 1]), 1.001);
    lowest = std::min(lowest, all[n]);
    highest = std::max(highest, all[n]);
  }
  EXPECT_GE(lowest, -3);
  EXPECT_LE(highest, 3);
  EXPECT_LT(lowest, -2.5) << "it goes about";
  EXPECT_GT(highest, 2.5);
}

TEST(Signal, Noise_is_bounded_and_even) {
  SignalSpec spec;
  spec.decimals = 3;
  spec.noise = 2;
  double sum = 0;
  double squares = 0;
  for (const double reading : readings(spec, 4000)) {
    EXPECT_LE(std::abs(reading), 2);
    sum += reading;
    squares += reading * reading;
  }
  EXPECT_NEAR(sum / 4000, 0, 0.05);
  // Four even draws of variance 1/12 each, times noise / 2.
  EXPECT_NEAR(squares / 4000, 1.0 / 3, 0.03);
}

TEST(Signal, A_spike_halves_with_each_reading) {
  SignalSpec spec;
  spec.decimals = 3;
  spec.spikes = SpikesSpec{0.01, 12};
  const auto all = readings(spec, 3000);
  int spikes = 0;
  for (std::size_t n = 1; n + 2 < all.size(); ++n) {
    const bool begins = all[n] >= 12 && all[n - 1] < 0.1;
    if (!begins || all[n + 1] > 7 || all[n + 2] > 4) continue;  // another one in its tail
    ++spikes;
    EXPECT_NEAR(all[n + 1], all[n] / 2, 0.1);
    EXPECT_NEAR(all[n + 2], all[n] / 4, 0.1);
  }
  EXPECT_NEAR(spikes, 30, 15);
}

TEST(Signal, A_sensor_says_what_is_inside_its_ends_with_its_decimals) {
  SignalSpec spec;
  spec.ramp = RampSpec{10.0 / 3, 1s};
  spec.min = 1;
  spec.max = 9;
  spec.decimals = 1;
  EXPECT_EQ(readings(spec, 4), (std::vector<double>{1, 3.3, 6.7, 9}));
}

TEST(Signal, The_seed_gives_the_same_readings_and_devices_differ) {
  SignalSpec spec;
  spec.spread = 10;
  spec.noise = 1;
  spec.walk = WalkSpec{0.1, 5};
  spec.sine = SineSpec{4, 1min, {}};
  std::set<std::vector<double>> different;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (std::uint32_t device = 0; device < 3; ++device) {
      const auto once = readings(spec, 50, 1, seed, device);
      EXPECT_EQ(once, readings(spec, 50, 1, seed, device));
      different.insert(once);
    }
  }
  EXPECT_EQ(different.size(), 9U);
}

TEST(Signal, What_the_filter_drops_is_at_or_beyond_its_bounds) {
  SignalSpec spec;
  EXPECT_FALSE(Signal::is_filtered(spec, 1e9));
  spec.filtered_below = -40;
  spec.filtered_above = 85;
  EXPECT_TRUE(Signal::is_filtered(spec, -40));
  EXPECT_FALSE(Signal::is_filtered(spec, -39.99));
  EXPECT_FALSE(Signal::is_filtered(spec, 84.99));
  EXPECT_TRUE(Signal::is_filtered(spec, 85));
}

}  // namespace
}  // namespace sluice::sim
