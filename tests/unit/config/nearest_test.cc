#include "config/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 4> known{"topics", "url", "keep_alive", "listen"};

TEST(NearestName, One_edit_of_each_kind_is_forgiven) {
  EXPECT_EQ(nearest_name("topic", known), "topics");
  EXPECT_EQ(nearest_name("topicss", known), "topics");
  EXPECT_EQ(nearest_name("tapics", known), "topics");
  EXPECT_EQ(nearest_name("tpoics", known), "topics");
  EXPECT_EQ(nearest_name("URL", known), "url");
  EXPECT_EQ(nearest_name("keepalive", known), "keep_alive");
}

TEST(NearestName, A_word_that_is_like_none_has_no_neighbour) {
  EXPECT_EQ(nearest_name("password", known), std::nullopt);
  EXPECT_EQ(nearest_name("", known), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'u'), known), std::nullopt);
  EXPECT_EQ(nearest_name("url", {}), std::nullopt);
}

TEST(NearestName, Of_equally_near_names_the_first_wins) {
  constexpr std::array<std::string_view, 2> two{"bat", "cat"};
  EXPECT_EQ(nearest_name("hat", two), "bat");
}

TEST(Suggestion, Names_the_nearest_or_lists_a_few) {
  EXPECT_EQ(suggestion("lisen", known), "; did you mean 'listen'?");
  EXPECT_EQ(suggestion("password", known), "; known are topics, url, keep_alive, listen");
  EXPECT_EQ(suggestion("password", std::vector<std::string_view>(13, "x")), "");
}

}  // namespace
}  // namespace sluice
