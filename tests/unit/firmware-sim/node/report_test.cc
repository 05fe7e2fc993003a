// A node's reports, read by the gateway's own decoders: all formats say the same.
#include "firmware-sim/node/report.h"

#include <gtest/gtest.h>

#include "firmware-sim/node/battery.h"
#include "tests/sim/random.h"
#include "tests/unit/firmware-sim/node/report_reader.h"

namespace sluice {
namespace {

constexpr Timestamp received{std::chrono::milliseconds(1764450000250)};

class Report : public testing::TestWithParam<NodeFormat> {
 protected:
  Report() {
    bool was_kept = false;
    std::uint64_t clock_ms = 0;
    EXPECT_TRUE(node_ring_open(&ring_, memory_.data(), memory_.size(), 2, &was_kept, &clock_ms));
    report_.battery = node_on_mains;
    report_.made_ms = 10'000;
  }

  void add(std::uint64_t clock_ms, std::uint32_t boot, std::int32_t a, std::int32_t b) {
    NodeReading reading{};
    reading.clock_ms = clock_ms;
    reading.boot = boot;
    reading.values[0] = a;
    reading.values[1] = b;
    ASSERT_TRUE(node_ring_push(&ring_, &reading));
    ++report_.readings;
  }

  std::string written() {
    std::vector<std::uint8_t> bytes(4096);
    NodeWriter writer = node_writer(bytes.data(), bytes.size());
    const NodePantry pantry{"dev-7", "1.2.3", channels_, &ring_};
    node_write_report(&writer, GetParam(), &pantry, &report_);
    EXPECT_FALSE(writer.is_full);
    return {reinterpret_cast<const char*>(bytes.data()), writer.size};
  }
  ReadReport read() {
    return read_report(written(), GetParam(), "dev-7", {"temperature", "humidity"}, received);
  }

  const NodeChannel channels_[2] = {{"temperature", "Cel"}, {"humidity", ""}};
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(node_ring_bytes(8, 2));
  NodeRing ring_{};
  NodeReport report_{};
};

INSTANTIATE_TEST_SUITE_P(Formats, Report,
                         testing::Values(node_senml_json, node_senml_cbor, node_plain_json));

TEST_P(Report, Values_are_exact_to_the_thousandth) {
  for (const std::int32_t value : {0, 1, -1, 999, 1000, -1000, 1001, 21370, -40250, 65535000, 24000,
                                   255000, 256000, 2'147'483'647, -2'147'483'647}) {
    node_ring_pop(&ring_, 8, 0);
    report_.readings = 0;
    add(10'000, 3, value, -value);
    const ReadReport report = read();
    ASSERT_EQ(report.readings.size(), 1U);
    EXPECT_EQ(report.readings[0].values, (std::vector<std::int32_t>{value, -value}));
  }
}

TEST_P(Report, Every_whole_number_has_its_own_length_in_cbor) {
  for (const std::uint32_t boot : {1U, 23U, 24U, 255U, 256U, 65535U, 65536U, 0xFFFFFFFFU}) {
    node_ring_pop(&ring_, 8, 0);
    report_.readings = 0;
    add(10'000, boot, 1, 2);
    EXPECT_EQ(read().readings.at(0).id.boot, boot);
  }
}

TEST_P(Report, A_reading_without_a_known_time_has_an_age) {
  add(8'750, 3, 1, 2);
  EXPECT_EQ(read().readings.at(0).time, received - std::chrono::milliseconds(1250));
}

TEST_P(Report, A_reading_with_a_known_time_has_it_whenever_it_was_received) {
  add(8'750, 3, 1, 2);
  report_.unix_0_ms = 1'700'000'000'123 - 8'750;
  EXPECT_EQ(read().readings.at(0).time, Timestamp(std::chrono::milliseconds(1'700'000'000'123)));
}

TEST_P(Report, What_else_there_is_to_say_is_said) {
  add(8'750, 3, 1, 2);
  EXPECT_EQ(read().dropped, std::nullopt);
  EXPECT_EQ(read().battery, std::nullopt);
  EXPECT_EQ(read().firmware, std::nullopt);
  EXPECT_FALSE(read().is_cold);
  report_.dropped = 70'000;
  report_.battery = 87;
  report_.is_first = true;
  EXPECT_FALSE(read().is_cold);
  report_.is_cold = true;
  const ReadReport report = read();
  EXPECT_EQ(report.dropped, 70'000U);
  EXPECT_EQ(report.battery, 87U);
  EXPECT_EQ(report.firmware, "1.2.3");
  EXPECT_TRUE(report.is_cold);
}

TEST_P(Report, The_same_recipe_gives_the_same_bytes_while_the_ring_grows) {
  add(8'750, 3, 1, 2);
  add(8'800, 3, 3, 4);
  const std::string first = written();
  const NodeReport recipe = report_;
  add(9'000, 3, 5, 6);
  report_ = recipe;
  EXPECT_EQ(written(), first);
}

using SenmlReport = Report;
INSTANTIATE_TEST_SUITE_P(Formats, SenmlReport, testing::Values(node_senml_json, node_senml_cbor));

TEST_P(SenmlReport, A_pack_holds_readings_of_several_boots_and_times) {
  for (const std::uint64_t unix_0_ms : {std::uint64_t{0}, std::uint64_t{1'700'000'000'000}}) {
    node_ring_pop(&ring_, 8, 0);
    report_.readings = 0;
    report_.unix_0_ms = unix_0_ms;
    const Timestamp clock_0 = unix_0_ms == 0 ? received - std::chrono::milliseconds(10'000)
                                             : Timestamp(std::chrono::milliseconds(unix_0_ms));
    const std::uint32_t first = ring_.next_sequence;
    add(7'000, 3, 1, 2);
    add(7'001, 3, 3, 4);
    add(9'999, 4, 5, 6);
    const ReadReport report = read();
    ASSERT_EQ(report.readings.size(), 3U);
    const std::uint32_t boots[] = {3, 3, 4};
    const int clocks[] = {7'000, 7'001, 9'999};
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_EQ(report.readings[i].id, (ReadingId{boots[i], first + i}));
      EXPECT_EQ(report.readings[i].time, clock_0 + std::chrono::milliseconds(clocks[i]));
      EXPECT_EQ(report.readings[i].values.at(0), static_cast<std::int32_t>(2 * i + 1));
    }
  }
}

TEST(SenmlBytes, Are_those_of_the_header_comment) {
  std::vector<std::uint8_t> memory(node_ring_bytes(1, 1));
  NodeRing ring;
  bool was_kept = false;
  std::uint64_t clock_ms = 0;
  ASSERT_TRUE(node_ring_open(&ring, memory.data(), memory.size(), 1, &was_kept, &clock_ms));
  ring.next_sequence = 17;
  NodeReading reading{};
  reading.boot = 3;
  reading.values[0] = 21370;
  ASSERT_TRUE(node_ring_push(&ring, &reading));
  const NodeChannel channel{"temperature", "Cel"};
  const NodePantry pantry{"dev-7", "1.2.3", &channel, &ring};
  NodeReport report{};
  report.unix_0_ms = 1764450000250;
  report.dropped = 2;
  report.readings = 1;
  report.battery = node_on_mains;
  std::vector<std::uint8_t> bytes(512);
  NodeWriter writer = node_writer(bytes.data(), bytes.size());
  node_write_report(&writer, node_senml_json, &pantry, &report);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), writer.size),
            R"([{"bn":"dev-7/","bt":1764450000.25,"n":"boot","v":3},{"n":"seq","v":17},)"
            R"({"n":"temperature","u":"Cel","v":21.37},{"n":"dropped","v":2}])");
}

TEST_P(Report, Random_reports_are_read_as_they_were_written) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    sim::Random random(seed);
    node_ring_pop(&ring_, 8, 0);
    report_.readings = 0;
    const std::size_t count = GetParam() == node_plain_json ? 1 : random.count(1, 8);
    report_.unix_0_ms = random.is_true(50) ? 1'600'000'000'000 + random.below(1ULL << 38) : 0;
    std::uint64_t clock_ms = random.below(1ULL << 30);
    std::vector<NodeReading> expected;
    for (std::size_t i = 0; i < count; ++i) {
      add(clock_ms, static_cast<std::uint32_t>(random.between(1, 3)),
          static_cast<std::int32_t>(random.below(1ULL << 32)),
          static_cast<std::int32_t>(random.between(0, 2000)) - 1000);
      expected.push_back(node_ring_at(&ring_, static_cast<std::uint32_t>(i)));
      clock_ms += random.below(5'000);
    }
    report_.made_ms = clock_ms;
    const ReadReport report = read();
    ASSERT_EQ(report.readings.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(report.readings[i].id, (ReadingId{expected[i].boot, expected[i].sequence}));
      EXPECT_EQ(report.readings[i].values,
                (std::vector<std::int32_t>{expected[i].values[0], expected[i].values[1]}));
    }
  }
}

}  // namespace
}  // namespace sluice
