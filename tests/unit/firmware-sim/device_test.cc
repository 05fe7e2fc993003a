#include "firmware-sim/fleet/device.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sluice::sim {
namespace {

Device device(std::size_t capacity = 100) { return {7, SignalOptions{}, 250, capacity}; }

TEST(Device, Has_a_name_and_a_topic_by_its_number) {
  EXPECT_EQ(device().name(), "dev-0007");
  EXPECT_EQ(device().mqtt_topic(), "plant/line-4/dev-0007/telemetry");
}

TEST(Device, Numbers_its_events_from_one_and_sends_the_oldest_first) {
  Device sensor = device();
  sensor.measure(10);
  sensor.measure(20);
  EXPECT_EQ(sensor.take_unsent()->seq, 1U);
  EXPECT_EQ(sensor.take_unsent()->seq, 2U);
  EXPECT_EQ(sensor.take_unsent(), nullptr);
  EXPECT_EQ(sensor.in_flight(), 2U);
}

TEST(Device, Stamps_events_with_its_own_wrong_clock) {
  Device sensor = device();
  sensor.measure(1'000);
  const std::string payload = sensor.payload(*sensor.take_unsent());
  EXPECT_NE(payload.find("\"ts\":\"1970-01-01T00:00:01.25Z\""), std::string::npos) << payload;
}

TEST(Device, An_event_stays_until_it_is_acknowledged) {
  Device sensor = device();
  sensor.measure(10);
  sensor.measure(20);
  sensor.take_unsent();
  sensor.take_unsent();
  Pending pending;
  EXPECT_TRUE(sensor.acknowledge(1, pending));
  EXPECT_EQ(pending.seq, 1U);
  EXPECT_FALSE(sensor.acknowledge(1, pending)) << "the second answer says nothing new";
  EXPECT_EQ(sensor.waiting(), 1U);
  sensor.release(2);
  EXPECT_EQ(sensor.take_unsent()->seq, 2U) << "released, so it is sent again with its own seq";
}

TEST(Device, Tells_the_first_time_on_the_wire_from_a_repeat) {
  Device sensor = device();
  sensor.measure(10);
  Pending* const pending = sensor.take_unsent();
  EXPECT_TRUE(Device::mark_sent(*pending, 11));
  sensor.release(1);
  Pending* const again = sensor.take_unsent();
  EXPECT_FALSE(Device::mark_sent(*again, 99));
  EXPECT_EQ(again->sent_ms, 11);
}

TEST(Device, A_repeat_keeps_its_message_id_unless_it_was_answered) {
  Device sensor = device();
  sensor.measure(10);
  sensor.take_unsent()->message_id = 5;
  sensor.release(1);
  EXPECT_EQ(sensor.take_unsent()->message_id, 5);
  sensor.release_as_new(1);
  EXPECT_EQ(sensor.take_unsent()->message_id, 0);
}

TEST(Device, Releases_what_nobody_answered_in_time) {
  Device sensor = device();
  sensor.measure(10);
  sensor.measure(10);
  Device::mark_sent(*sensor.take_unsent(), 100);
  Device::mark_sent(*sensor.take_unsent(), 200);
  EXPECT_EQ(sensor.release_older(150), 1U);
  EXPECT_EQ(sensor.in_flight(), 1U);
  EXPECT_EQ(sensor.take_unsent()->seq, 1U);
}

TEST(Device, A_full_ring_takes_no_measurement_and_counts_it) {
  Device sensor = device(2);
  EXPECT_TRUE(sensor.measure(1));
  EXPECT_TRUE(sensor.measure(2));
  EXPECT_FALSE(sensor.measure(3));
  EXPECT_EQ(sensor.skipped(), 1U);
  sensor.take_unsent();
  Pending pending;
  ASSERT_TRUE(sensor.acknowledge(1, pending));
  EXPECT_TRUE(sensor.measure(4));
  EXPECT_EQ(sensor.ring().back().seq, 3U) << "numbers have no gaps";
}

// Against the obvious model: two sets of numbers.
TEST(Device, Every_event_is_waiting_in_flight_or_acknowledged) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Device sensor = device(30);
    std::set<std::uint64_t> waiting;
    std::set<std::uint64_t> flying;
    std::uint64_t last = 0;
    for (int turn = 0; turn < 2000; ++turn) {
      const std::uint64_t seq = 1 + random() % 60 + (last > 50 ? last - 50 : 0);
      switch (random() % 6) {
        case 0:
        case 1:
          if (sensor.measure(turn)) waiting.insert(++last);
          break;
        case 2:
          if (const Pending* const pending = sensor.take_unsent()) {
            ASSERT_EQ(pending->seq, *waiting.begin());
            flying.insert(waiting.extract(waiting.begin()).value());
          } else {
            ASSERT_TRUE(waiting.empty());
          }
          break;
        case 3: {
          Pending pending;
          ASSERT_EQ(sensor.acknowledge(seq, pending), flying.erase(seq) + waiting.erase(seq) == 1);
          break;
        }
        case 4:
          sensor.release(seq);
          if (flying.erase(seq) == 1) waiting.insert(seq);
          break;
        default:
          if (random() % 20 == 0) {
            sensor.release_all();
            waiting.merge(flying);
            flying.clear();
          }
      }
      ASSERT_EQ(sensor.in_flight(), flying.size());
      ASSERT_EQ(sensor.waiting(), flying.size() + waiting.size());
    }
  }
}

}  // namespace
}  // namespace sluice::sim
