#include "drivers/coap/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::HasSubstr;

TEST(CoapSourceConfig, Its_defaults_can_work) { EXPECT_TRUE(validate({}).empty()); }

TEST(CoapSourceConfig, All_that_is_wrong_is_reported_at_once) {
  CoapSourceConfig config;
  config.listen = {"coap://127.0.0.1", "udp://x"};
  config.resources = {"a/#/b"};
  config.max_idle_sessions = 0;
  config.empty_ack_after = std::chrono::seconds(3);
  const auto errors = validate(config);
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_THAT(errors[0].message, HasSubstr("udp://x"));
  EXPECT_THAT(errors[1].message, HasSubstr("a/#/b"));
  EXPECT_THAT(errors[2].message, HasSubstr("max_idle_sessions"));
  EXPECT_THAT(errors[3].message, HasSubstr("empty_ack_after"));
  for (const Error& error : errors) EXPECT_EQ(error.kind, ErrorKind::bad_config);
}

TEST(CoapSourceConfig, Bounds_that_leave_no_room_are_refused) {
  const auto is_refused = [](auto change) {
    CoapSourceConfig config;
    change(config);
    return validate(config).size() == 1;
  };
  EXPECT_TRUE(is_refused([](auto& c) { c.listen.clear(); }));
  EXPECT_TRUE(is_refused([](auto& c) { c.resources.clear(); }));
  EXPECT_TRUE(is_refused([](auto& c) { c.max_body_bytes = 0; }));
  EXPECT_TRUE(is_refused([](auto& c) { c.max_transfer_bytes = c.max_body_bytes - 1; }));
  EXPECT_TRUE(is_refused([](auto& c) { c.max_transfers = 0; }));
  EXPECT_TRUE(is_refused([](auto& c) { c.max_exchanges_per_peer = 0; }));
  EXPECT_TRUE(is_refused([](auto& c) { c.session_timeout = Duration::zero(); }));
  EXPECT_TRUE(is_refused([](auto& c) { c.transfer_timeout = Duration::zero(); }));
  EXPECT_TRUE(is_refused([](auto& c) { c.retry_after = Duration::zero(); }));
}

}  // namespace
}  // namespace sluice
