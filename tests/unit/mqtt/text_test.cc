#include "drivers/mqtt/text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/value.h"

namespace sluice::mqtt {
namespace {

// The rules again, slowly: UTF-8 by the core's own check, then code point by code point.
bool is_text_slowly(const std::string& text) {
  if (!is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [&](std::size_t j) { return static_cast<unsigned char>(text[j]); };
    if (at(i) < 0x20 || at(i) == 0x7F) return false;
    if (at(i) == 0xC2 && at(i + 1) < 0xA0) return false;                        // U+0080 to U+009F
    if (at(i) == 0xEF && at(i + 1) == 0xBF && at(i + 2) >= 0xBE) return false;  // U+FFFE, U+FFFF
    if (at(i) == 0xEF && at(i + 1) == 0xB7 && at(i + 2) >= 0x90 && at(i + 2) <= 0xAF) return false;
    const bool ends_plane =
        at(i) >= 0xF0 && (at(i + 1) & 0x0F) == 0x0F && at(i + 2) == 0xBF && at(i + 3) >= 0xBE;
    if (ends_plane) return false;
  }
  return true;
}

TEST(MqttText, It_agrees_with_a_slow_check_on_random_texts) {
  const std::string pieces[] = {"a",
                                "plant/",
                                "\x7F",
                                "\x1F",
                                "\xC2\x9F",
                                "\xC2\xA0",
                                "\xC3\xA9",
                                "\xEF\xBF\xBF",
                                "\xEF\xBF\xBD",
                                "\xEF\xB7\x90",
                                "\xF0\x9F\x98\x80",
                                "\xF0\x9F\xBF\xBE",
                                "\xED\xA0\x80",
                                "\xC0\x80",
                                "\x80",
                                "\xE2\x82",
                                "12345678",
                                std::string(1, '\0')};
  std::mt19937 random(1);
  int texts = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (auto n = random() % 5; n > 0; --n) text += pieces[random() % std::size(pieces)];
    ASSERT_EQ(is_text(text), is_text_slowly(text)) << i;
    texts += is_text(text) ? 1 : 0;
  }
  EXPECT_GT(texts, 10'000);
}

TEST(MqttText, Every_byte_is_judged_in_every_position_of_a_word) {
  for (int byte = 0; byte < 128; ++byte) {
    for (std::size_t at = 0; at < 16; ++at) {
      std::string text(16, 'x');
      text[at] = static_cast<char>(byte);
      ASSERT_EQ(is_text(text), byte >= 0x20 && byte != 0x7F) << byte << " at " << at;
    }
  }
}

TEST(TopicName, It_has_levels_and_no_wildcards) {
  EXPECT_EQ(topic_levels("a"), 1U);
  EXPECT_EQ(topic_levels("/a/b"), 3U);
  EXPECT_EQ(topic_levels(""), 0U);
  EXPECT_EQ(topic_levels("a/+"), 0U);
  EXPECT_EQ(topic_levels("a#"), 0U);
}

TEST(TopicFilter, Wildcards_stand_for_whole_levels) {
  for (const char* good :
       {"a", "#", "+", "a/#", "a/+/b", "/", "+/+", "/#", "$share/g/a/#", "$share/g/+", "$SYS/#"}) {
    EXPECT_TRUE(is_topic_filter(good)) << good;
  }
  for (const char* bad : {"", "a#", "a/#/b", "a+", "+a", "a/b+", "#/", "$share/", "$share/g",
                          "$share/g/", "$share//a", "$share/+/a", "$share/g#/a"}) {
    EXPECT_FALSE(is_topic_filter(bad)) << bad;
  }
}

TEST(ServerTopic, A_bridge_may_say_that_it_is_up) {
  EXPECT_TRUE(is_server_topic("$SYS/broker/uptime"));
  EXPECT_TRUE(is_server_topic("$CONTROL/dynamic-security/v1"));
  EXPECT_FALSE(is_server_topic("$SYS/broker/connection/plant-7/state"));
  EXPECT_TRUE(is_server_topic("$SYS/broker/connection//state"));
  EXPECT_TRUE(is_server_topic("$SYS/broker/connection/a/b/state"));
  EXPECT_FALSE(is_server_topic("$aws/things/t1/shadow/update"));
  EXPECT_FALSE(is_server_topic("plant/$SYS/x"));
}

}  // namespace
}  // namespace sluice::mqtt
