#include "drivers/coap/path_pattern.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(PathPattern, Plus_is_one_segment) {
  EXPECT_TRUE(matches_path("telemetry/+", "telemetry/dev1"));
  EXPECT_TRUE(matches_path("+/dev1", "telemetry/dev1"));
  EXPECT_TRUE(matches_path("a/+", "a/"));
  EXPECT_FALSE(matches_path("telemetry/+", "telemetry"));
  EXPECT_FALSE(matches_path("telemetry/+", "telemetry/dev1/x"));
}

TEST(PathPattern, Hash_is_all_that_follows_and_also_nothing) {
  EXPECT_TRUE(matches_path("#", ""));
  EXPECT_TRUE(matches_path("#", "a/b"));
  EXPECT_TRUE(matches_path("plant/#", "plant"));
  EXPECT_TRUE(matches_path("plant/#", "plant/a/b"));
  EXPECT_FALSE(matches_path("plant/#", "plants/a"));
}

TEST(PathPattern, Without_wildcards_it_is_the_path) {
  EXPECT_TRUE(matches_path("a/b", "a/b"));
  EXPECT_FALSE(matches_path("a/b", "a/bc"));
  EXPECT_FALSE(matches_path("a/b", "a"));
  EXPECT_FALSE(matches_path("a", ""));
}

TEST(PathPattern, Wildcards_stand_for_whole_segments_and_hash_only_at_the_end) {
  for (const auto* pattern : {"#", "+", "a/+/b", "a/#", "a//b"}) {
    EXPECT_TRUE(is_path_pattern(pattern)) << pattern;
  }
  for (const auto* pattern : {"", "/a", "a/#/b", "#/a", "a+", "a/b#", "a/+b/c"}) {
    EXPECT_FALSE(is_path_pattern(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace sluice
