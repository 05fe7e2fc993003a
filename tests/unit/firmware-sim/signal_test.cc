#include "firmware-sim/fleet/signal.h"

#include <gtest/gtest.h>

#include <set>

#include "core/value.h"

namespace sluice::sim {
namespace {

TEST(SensorSignal, The_seed_gives_the_same_readings_in_any_order) {
  const SensorSignal once(SignalOptions{.seed = 42}, 3);
  const SensorSignal again(SignalOptions{.seed = 42}, 3);
  for (std::uint64_t seq = 500; seq > 0; --seq) {
    const Reading a = once.at(seq);
    const Reading b = again.at(seq);
    EXPECT_EQ(a.temperature, b.temperature);
    EXPECT_EQ(a.humidity, b.humidity);
    EXPECT_EQ(a.expect, b.expect);
  }
}

TEST(SensorSignal, Seeds_and_devices_differ) {
  std::set<double> readings;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (std::uint32_t device = 0; device < 5; ++device) {
      readings.insert(SensorSignal(SignalOptions{.seed = seed}, device).at(10).humidity * 1000 +
                      SensorSignal(SignalOptions{.seed = seed}, device).at(10).temperature);
    }
  }
  EXPECT_EQ(readings.size(), 25U);
}

TEST(SensorSignal, What_the_filter_should_drop_is_outside_its_range_and_the_rest_inside) {
  for (std::uint32_t device = 0; device < 50; ++device) {
    const SensorSignal signal(SignalOptions{.seed = 9, .stuck = 0.1, .bad = 0.05}, device);
    for (std::uint64_t seq = 1; seq <= 400; ++seq) {
      const Reading reading = signal.at(seq);
      const bool is_in_range = reading.temperature > -40.0 && reading.temperature < 85.0;
      EXPECT_EQ(is_in_range, reading.expect != Expect::filtered) << reading.temperature;
    }
  }
}

TEST(SensorSignal, The_shares_of_stuck_and_bad_events_are_as_asked_for) {
  int filtered = 0;
  int rejected = 0;
  for (std::uint32_t device = 0; device < 100; ++device) {
    const SensorSignal signal(SignalOptions{.seed = 5, .stuck = 0.1, .bad = 0.05}, device);
    for (std::uint64_t seq = 1; seq <= 400; ++seq) {
      const Expect expect = signal.at(seq).expect;
      filtered += expect == Expect::filtered ? 1 : 0;
      rejected += expect == Expect::reject ? 1 : 0;
    }
  }
  EXPECT_NEAR(filtered, 40'000 * 0.95 * 0.1, 400);
  EXPECT_NEAR(rejected, 40'000 * 0.05, 200);
}

TEST(SensorSignal, Without_faults_every_event_is_to_be_delivered) {
  const SensorSignal signal(SignalOptions{.seed = 5, .stuck = 0, .bad = 0}, 1);
  for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
    EXPECT_EQ(signal.at(seq).expect, Expect::deliver);
  }
}

TEST(Payload, Carries_device_seq_time_and_readings) {
  EXPECT_EQ(payload_of({21.37, 44.1, Expect::deliver}, "dev-0007", 17, 1'790'000'000'123),
            "{\"device\":\"dev-0007\",\"seq\":17,\"ts\":\"2026-09-21T14:13:20.123Z\","
            "\"temperature\":21.37,\"humidity\":44.1}");
}

TEST(Payload, A_rejected_one_is_never_sound_json) {
  const std::string sound = payload_of({20, 50, Expect::deliver}, "d", 4, 0);
  for (std::uint64_t seq = 4; seq < 8; ++seq) {
    const std::string payload = payload_of({20, 50, Expect::reject}, "d", seq, 0);
    const bool is_cut = payload.size() < sound.size() && !payload.ends_with('}');
    const bool is_wrong = payload.find(":tru}") != std::string::npos;
    EXPECT_TRUE(is_cut || is_wrong || !is_utf8(payload) || !payload.starts_with('{')) << payload;
  }
}

}  // namespace
}  // namespace sluice::sim
