#include "firmware-sim/fleet/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

namespace sluice::sim {
namespace {

TEST(Latencies, A_percentile_is_never_too_low_and_at_most_an_eighth_too_high) {
  std::mt19937 random(1);
  for (const std::int64_t highest : {1, 10, 100, 5'000, 200'000}) {
    Latencies latencies;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 1000; ++i) {
      all.push_back(static_cast<std::int64_t>(random() % static_cast<unsigned>(highest)) + 1);
      latencies.add(all.back());
    }
    std::sort(all.begin(), all.end());
    for (const double p : {0.5, 0.95, 0.99}) {
      const auto exact = static_cast<double>(all[static_cast<std::size_t>(p * 1000) - 1]);
      EXPECT_GE(latencies.percentile(p), exact);
      EXPECT_LE(latencies.percentile(p), exact * 1.13 + 1);
    }
  }
}

TEST(Latencies, Without_any_there_is_no_percentile) { EXPECT_EQ(Latencies().percentile(0.5), 0); }

TEST(Tally, Writes_a_line_for_each_reading_with_its_acknowledgement_or_without) {
  const std::string path = testing::TempDir() + "tally_ledger";
  Tally tally;
  ASSERT_TRUE(tally.open(path).is_ok());
  tally.acknowledged(Protocol::mqtt, "dev-7", {3, 17, 100, Expect::filtered}, 130);
  tally.unacknowledged(Protocol::coap, "dev-8", {1, 2, 100, Expect::deliver});
  ASSERT_TRUE(tally.close().is_ok());

  std::vector<SentRecord> records;
  ASSERT_TRUE(read_sent(path, [&](SentRecord record) { records.push_back(record); }).is_ok());
  std::filesystem::remove(path);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].device, "dev-7");
  EXPECT_EQ(records[0].boot, 3U);
  EXPECT_EQ(records[0].seq, 17U);
  EXPECT_EQ(records[0].acked_ms, 130);
  EXPECT_EQ(records[0].expect, Expect::filtered);
  EXPECT_EQ(records[1].protocol, Protocol::coap);
  EXPECT_EQ(records[1].acked_ms, std::nullopt);
  EXPECT_EQ(tally.counts.acknowledged, 1U);
  EXPECT_EQ(tally.latencies().count(), 1U);
}

}  // namespace
}  // namespace sluice::sim
