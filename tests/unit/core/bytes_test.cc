#include "core/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

TEST(Bytes, Every_number_reads_back_as_it_was_written) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{127}, std::int64_t{128},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    std::string out;
    put_signed(out, number);
    put_varint(out, static_cast<std::uint64_t>(number));
    put_fixed(out, static_cast<std::uint64_t>(number));
    put_big_endian(out, static_cast<std::uint32_t>(number));
    ByteReader in(out);
    EXPECT_EQ(in.signed_varint(), number);
    EXPECT_EQ(in.varint(), static_cast<std::uint64_t>(number));
    EXPECT_EQ(in.fixed<std::uint64_t>(), static_cast<std::uint64_t>(number));
    EXPECT_EQ(in.big_endian<std::uint32_t>(), static_cast<std::uint32_t>(number));
    EXPECT_TRUE(in.is_ok() && in.at_end());
  }
}

TEST(Bytes, Big_endian_numbers_sort_as_their_bytes_do) {
  std::string small, large;
  put_big_endian(small, std::uint64_t{255});
  put_big_endian(large, std::uint64_t{256});
  EXPECT_LT(small, large);
}

TEST(Bytes, A_read_past_the_end_fails_once_and_for_all) {
  ByteReader in(
      "\x05"
      "ab");
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.is_ok());
  EXPECT_EQ(in.fixed<std::uint8_t>(), 0);
}

TEST(Bytes, A_count_is_never_more_than_the_bytes_that_are_left) {
  std::string out;
  put_varint(out, 1'000'000'000);
  ByteReader in(out);
  EXPECT_EQ(in.count(), 0U);
  EXPECT_FALSE(in.is_ok());
}

TEST(Bytes, An_endless_varint_is_refused) {
  const std::string endless(20, '\xFF');
  ByteReader in(endless);
  in.varint();
  EXPECT_FALSE(in.is_ok());
}

}  // namespace
}  // namespace sluice
