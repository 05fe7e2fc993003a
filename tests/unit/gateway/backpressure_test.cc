#include "gateway/backpressure.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint16_t cloud = 1;
constexpr std::uint16_t archive = 2;

Head head_with(std::uint64_t cloud_waits, std::uint64_t archive_waits) {
  Head head;
  head.lanes[{cloud, 4}].next = 1 + cloud_waits;
  head.lanes[{archive, 4}].next = 1 + archive_waits;
  return head;
}

class BackpressureTest : public testing::Test {
 protected:
  // 0 feeds the cloud, 1 the archive, 2 both.
  Backpressure pressure_{WaterMarks{}, {{cloud}, {archive}, {cloud, archive}}};
  std::string waiting() const {
    std::string text;
    for (std::size_t i = 0; i < 3; ++i) text += pressure_.waits(i) ? 'w' : '.';
    return text;
  }
};

TEST_F(BackpressureTest, Only_sources_of_the_full_sink_wait) {
  EXPECT_FALSE(pressure_.update(0.89, head_with(1'000, 20)));
  EXPECT_TRUE(pressure_.update(0.90, head_with(1'000, 20)));
  EXPECT_EQ(waiting(), "w.w");
  EXPECT_TRUE(pressure_.is_any_waiting());
  EXPECT_FALSE(pressure_.are_all_waiting());
}

TEST_F(BackpressureTest, They_go_on_only_at_the_low_mark) {
  pressure_.update(0.91, head_with(1'000, 20));
  EXPECT_FALSE(pressure_.update(0.86, head_with(900, 0)));
  EXPECT_EQ(waiting(), "w.w");
  EXPECT_TRUE(pressure_.update(0.85, head_with(800, 0)));
  EXPECT_EQ(waiting(), "...");
}

TEST_F(BackpressureTest, At_the_limit_all_wait_and_so_they_do_when_a_commit_found_no_space) {
  EXPECT_TRUE(pressure_.update(0.95, head_with(1'000, 0)));
  EXPECT_TRUE(pressure_.are_all_waiting());
  pressure_.update(0.5, head_with(0, 0));
  EXPECT_TRUE(pressure_.fill());
  EXPECT_FALSE(pressure_.fill());
  EXPECT_EQ(waiting(), "www");
}

TEST_F(BackpressureTest, When_nothing_waits_for_upstream_all_wait) {
  pressure_.update(0.92, head_with(0, 0));
  EXPECT_EQ(waiting(), "www");
}

}  // namespace
}  // namespace sluice
