#include "firmware-sim/fleet/sensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

class SensorTest : public testing::Test {
 protected:
  SensorTest() {
    spec_.count = 1;
    spec_.interval = 1s;
    spec_.signals["temperature"].base = 20;
    spec_.signals["temperature"].decimals = 3;
  }

  Sensor sensor() {
    kind_ = make_kind("kind", spec_, FleetSpec{}, 0).value();
    Sensor sensor(*kind_, 3);
    sensor.wake(0);
    return sensor;
  }

  KindSpec spec_;
  std::unique_ptr<Kind> kind_;
};

TEST_F(SensorTest, Reads_what_the_signal_is_when_the_reading_is_due) {
  spec_.signals["temperature"].ramp = RampSpec{1, 1s};
  Sensor one = sensor();
  for (int i = 0; i < 100; ++i) {
    const double due_ms = one.next_ms();
    EXPECT_NEAR(one.measure()[0], 20'000 + due_ms, 1);
    EXPECT_EQ(one.next_ms(), due_ms + 1000);
  }
}

TEST_F(SensorTest, Measures_more_often_at_once) {
  spec_.interval = 1h;
  Sensor one = sensor();
  one.set_rate(10, 3600);
  EXPECT_LE(one.next_ms(), 10 + 1000);
  (void)one.measure();
  const double due_ms = one.next_ms();
  (void)one.measure();
  EXPECT_EQ(one.next_ms(), due_ms + 1000);
  one.set_rate(20'000, 1);
  (void)one.measure();
  EXPECT_GT(one.next_ms(), 3'600'000);
}

TEST_F(SensorTest, In_a_flood_it_measures_so_many_times_as_often) {
  spec_.faults.flood = FloodSpec{{10s, 10s}, 20};
  Sensor one = sensor();
  int during = 0;
  int besides = 0;
  bool is_flood = false;
  double flooded_ms = 0;
  double last_ms = 0;
  while (last_ms < 600'000) {
    if (one.next_flood_ms() <= one.next_ms()) {
      const double at = one.next_flood_ms();
      if (is_flood) flooded_ms += at - last_ms;
      last_ms = at;
      one.advance_flood(at);
      is_flood = !is_flood;
      continue;
    }
    if (is_flood) flooded_ms += one.next_ms() - last_ms;
    last_ms = one.next_ms();
    (void)one.measure();
    ++(is_flood ? during : besides);
  }
  EXPECT_NEAR(during, flooded_ms / 50, flooded_ms / 50 * 0.05);
  EXPECT_NEAR(besides, (600'000 - flooded_ms) / 1000, (600'000 - flooded_ms) / 1000 * 0.1);
}

TEST_F(SensorTest, A_drifting_one_is_more_and_more_wrong_until_it_is_right_again) {
  spec_.faults.drifting = DriftingSpec{{60s, 30s}, 3600};
  Sensor one = sensor();
  Episodes episodes(*spec_.faults.drifting, 1, "drifting", 3);
  int wrong = 0;
  for (int i = 0; i < 1000; ++i) {
    const double now_ms = one.next_ms();
    const double error = one.measure()[0] / 1000.0 - 20;
    const double expected = episodes.is_on_at(now_ms) ? (now_ms - episodes.began_ms()) / 1000 : 0;
    EXPECT_NEAR(error, expected, 0.001);
    wrong += expected > 0 ? 1 : 0;
  }
  EXPECT_GT(wrong, 100);
}

TEST_F(SensorTest, A_stuck_one_says_the_last_good_reading_again) {
  spec_.signals["temperature"].ramp = RampSpec{1, 1s};
  spec_.faults.stuck = StuckSpec{{20s, 10s}, {}};
  Sensor one = sensor();
  Episodes episodes(*spec_.faults.stuck, 1, "stuck", 3);
  std::int32_t last_good = 0;
  int stuck = 0;
  for (int i = 0; i < 1000; ++i) {
    const bool is_stuck = episodes.is_on_at(one.next_ms());
    const std::int32_t reading = one.measure()[0];
    if (is_stuck) {
      EXPECT_EQ(reading, last_good);
    } else {
      last_good = reading;
    }
    stuck += is_stuck ? 1 : 0;
  }
  EXPECT_GT(stuck, 100);
}

TEST_F(SensorTest, A_recording_may_be_played_again_and_again) {
  const std::string file = testing::TempDir() + "sensor_recording.csv";
  std::ofstream(file) << "10,1\n20,2\n40,3\n";
  spec_.replay.emplace().file = file;
  spec_.replay->time_format = "unix";
  spec_.replay->again = true;
  spec_.signals["temperature"].column = "2";
  Sensor one = sensor();
  std::filesystem::remove(file);
  // A mean pause of 10 s between the last row and the first one.
  for (const auto& [due_ms, value] : std::vector<std::pair<double, int>>{{1000, 1},
                                                                         {11'000, 2},
                                                                         {31'000, 3},
                                                                         {41'000, 1},
                                                                         {51'000, 2},
                                                                         {71'000, 3},
                                                                         {81'000, 1}}) {
    EXPECT_EQ(one.next_ms(), due_ms);
    EXPECT_EQ(one.measure()[0], value * 1000);
  }
}

}  // namespace
}  // namespace sluice::sim
