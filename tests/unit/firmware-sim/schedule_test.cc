#include "firmware-sim/fleet/schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace sluice::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Schedule, Every_device_measures_once_each_interval_at_its_own_phase) {
  Schedule schedule(3, {10, 11, 12, 13}, milliseconds(400), seconds(10));
  std::map<std::size_t, std::vector<Schedule::Offset>> times;
  Schedule::Offset last{};
  for (; !schedule.is_over(); schedule.advance()) {
    EXPECT_GE(schedule.due(), last) << "time goes forward";
    last = schedule.due();
    times[schedule.device()].push_back(schedule.due());
  }
  ASSERT_EQ(times.size(), 4U);
  std::set<Schedule::Offset> phases;
  for (const auto& [device, offsets] : times) {
    EXPECT_EQ(offsets.size(), 25U);
    phases.insert(offsets[0]);
    for (std::size_t i = 1; i < offsets.size(); ++i) {
      EXPECT_EQ(offsets[i] - offsets[i - 1], milliseconds(400));
    }
  }
  EXPECT_EQ(phases.size(), 4U);
}

TEST(Schedule, Is_over_at_once_without_devices_or_time) {
  EXPECT_TRUE(Schedule(1, {}, seconds(1), seconds(10)).is_over());
  EXPECT_TRUE(Schedule(1, {1}, seconds(1), seconds(0)).is_over());
}

}  // namespace
}  // namespace sluice::sim
