#include "drivers/coap/block_transfers.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using std::chrono::seconds;

class BlockTransfersTest : public testing::Test {
 protected:
  using Outcome = BlockTransfers::Outcome;

  // Blocks of 16 bytes.
  Outcome add(std::uint32_t number, bool has_more, std::string_view payload,
              std::string_view peer = "peer", std::string_view path = "path") {
    return transfers_.add(peer, path, content_type_, {number, has_more, 0}, payload, now_, body_);
  }

  BlockTransfers transfers_{{100, 4, 2, 120, seconds(60)}};
  std::string content_type_ = "application/json";
  Duration now_ = seconds(1000);
  std::string body_;
  const std::string full_ = std::string(16, 'x');
};

TEST_F(BlockTransfersTest, Blocks_in_order_make_the_body) {
  EXPECT_EQ(add(0, true, "0123456789abcdef"), Outcome::proceed);
  EXPECT_EQ(add(1, true, "ghijklmnopqrstuv"), Outcome::proceed);
  EXPECT_EQ(add(2, false, "wx"), Outcome::complete);
  EXPECT_EQ(body_, "0123456789abcdefghijklmnopqrstuvwx");
  EXPECT_EQ(transfers_.transfers(), 0U);
  EXPECT_EQ(transfers_.bytes(), 0U);
}

TEST_F(BlockTransfersTest, One_block_can_be_all) {
  EXPECT_EQ(add(0, false, "small"), Outcome::complete);
  EXPECT_EQ(body_, "small");
}

TEST_F(BlockTransfersTest, A_repeated_block_is_answered_and_not_taken_twice) {
  add(0, true, "0123456789abcdef");
  EXPECT_EQ(add(0, true, "0123456789abcdef"), Outcome::proceed);
  add(1, true, full_);
  EXPECT_EQ(add(1, true, full_), Outcome::proceed);
  EXPECT_EQ(add(2, false, "!"), Outcome::complete);
  EXPECT_EQ(body_, "0123456789abcdef" + full_ + "!");
}

TEST_F(BlockTransfersTest, A_missing_block_ends_the_transfer) {
  add(0, true, full_);
  EXPECT_EQ(add(2, true, full_), Outcome::incomplete);
  EXPECT_EQ(add(1, true, full_), Outcome::incomplete);
  EXPECT_EQ(transfers_.bytes(), 0U);
}

TEST_F(BlockTransfersTest, The_first_block_starts_again) {
  add(0, true, full_);
  add(1, true, full_);
  EXPECT_EQ(add(0, true, "0123456789abcdef"), Outcome::proceed);
  EXPECT_EQ(add(1, false, "."), Outcome::complete);
  EXPECT_EQ(body_, "0123456789abcdef.");
}

TEST_F(BlockTransfersTest, Another_content_format_half_way_ends_the_transfer) {
  add(0, true, full_);
  content_type_ = "text/plain";
  EXPECT_EQ(add(1, false, "x"), Outcome::incomplete);
  EXPECT_EQ(transfers_.transfers(), 0U);
}

TEST_F(BlockTransfersTest, A_block_must_be_as_long_as_it_says) {
  EXPECT_EQ(add(0, true, "short"), Outcome::malformed);
  EXPECT_EQ(add(0, false, full_ + "x"), Outcome::malformed);
  EXPECT_EQ(transfers_.transfers(), 0U);
}

TEST_F(BlockTransfersTest, A_body_beyond_the_bound_is_given_up) {
  for (std::uint32_t number = 0; number < 6; ++number) {
    EXPECT_EQ(add(number, true, full_), Outcome::proceed);
  }
  EXPECT_EQ(add(6, false, "12345"), Outcome::too_large);
  EXPECT_EQ(transfers_.transfers(), 0U);
  // The largest number there is does not wrap around.
  EXPECT_EQ(transfers_.add("p", "q", "", {0xFFFFF, true, 6}, std::string(1024, 'x'), now_, body_),
            Outcome::too_large);
}

TEST_F(BlockTransfersTest, Peers_and_paths_do_not_mix) {
  add(0, true, full_, "a", "p");
  add(0, true, "0123456789abcdef", "b", "p");
  add(0, true, "0123456789abcdef", "a", "q");
  EXPECT_EQ(add(1, false, "a", "a", "p"), Outcome::complete);
  EXPECT_EQ(body_, full_ + "a");
  EXPECT_EQ(add(1, false, "b", "b", "p"), Outcome::complete);
  EXPECT_EQ(body_, "0123456789abcdefb");
}

TEST_F(BlockTransfersTest, There_is_a_bound_for_a_peer_and_one_for_all) {
  EXPECT_EQ(add(0, true, full_, "a", "1"), Outcome::proceed);
  EXPECT_EQ(add(0, true, full_, "a", "2"), Outcome::proceed);
  EXPECT_EQ(add(0, true, full_, "a", "3"), Outcome::no_room);
  EXPECT_EQ(add(0, true, full_, "b", "1"), Outcome::proceed);
  EXPECT_EQ(add(0, true, full_, "c", "1"), Outcome::proceed);
  EXPECT_EQ(add(0, true, full_, "d", "1"), Outcome::no_room);
  EXPECT_EQ(add(1, false, "x", "a", "1"), Outcome::complete);
  EXPECT_EQ(add(0, true, full_, "d", "1"), Outcome::proceed);
}

TEST_F(BlockTransfersTest, There_is_a_bound_on_the_bytes_of_all) {
  for (std::uint32_t number = 0; number < 6; ++number) add(number, true, full_, "a", "1");
  EXPECT_EQ(add(0, true, full_, "b", "1"), Outcome::proceed);
  EXPECT_EQ(add(1, true, full_, "b", "1"), Outcome::no_room);
  EXPECT_EQ(transfers_.bytes(), 96U);
}

TEST_F(BlockTransfersTest, A_silent_transfer_is_given_up) {
  add(0, true, full_, "a");
  now_ += seconds(30);
  add(0, true, full_, "b");
  add(1, true, full_, "a");
  now_ += seconds(59);
  transfers_.expire(now_);
  EXPECT_EQ(transfers_.transfers(), 2U);
  now_ += seconds(1);
  transfers_.expire(now_);
  EXPECT_EQ(transfers_.transfers(), 0U);
  EXPECT_EQ(add(2, false, "x", "a"), Outcome::incomplete);
}

}  // namespace
}  // namespace sluice
