#include "firmware-sim/upstream/behaviour.h"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

TEST(Behaviour, A_control_text_changes_what_it_names) {
  Behaviour behaviour;
  ASSERT_TRUE(apply_control(R"({"mode":"refuse","status":429,"for_ms":50})", behaviour).is_ok());
  EXPECT_EQ(behaviour.mode, Behaviour::Mode::refuse);
  EXPECT_EQ(behaviour.status, 429);
  EXPECT_EQ(behaviour.lasts.count(), 50);
  ASSERT_TRUE(apply_control(R"({"delay_ms":20,"fail_rate":0.5})", behaviour).is_ok());
  EXPECT_EQ(behaviour.mode, Behaviour::Mode::refuse) << "not named, so unchanged";
  EXPECT_EQ(behaviour.delay.count(), 20);
  EXPECT_EQ(behaviour.fail_rate, 0.5);
  ASSERT_TRUE(apply_control(R"({"slow_ms":30,"room":7})", behaviour).is_ok());
  EXPECT_EQ(behaviour.slow.count(), 30);
  EXPECT_EQ(behaviour.room, 7U);
  ASSERT_TRUE(apply_control(R"({"room":null})", behaviour).is_ok());
  EXPECT_EQ(behaviour.room, std::nullopt);
}

TEST(Behaviour, A_wrong_text_changes_nothing) {
  for (const char* wrong : {"", "[]", R"({"status":500,"mode":"away"})", R"({"status":200})",
                            R"({"delay_ms":-1})", R"({"fail_rate":2})", R"({"room":-1})",
                            R"({"slow_ms":"x"})", R"({"status":500,"speed":1})"}) {
    Behaviour behaviour;
    EXPECT_FALSE(apply_control(wrong, behaviour).is_ok()) << wrong;
    EXPECT_EQ(behaviour.mode, Behaviour::Mode::accept);
    EXPECT_EQ(behaviour.status, 503);
  }
}

}  // namespace
}  // namespace sluice::sim
