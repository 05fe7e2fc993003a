#include "config/units.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace sluice {
namespace {

std::uint64_t bytes_of(std::string_view text) {
  const Result<ByteSize> size = parse_byte_size(text);
  EXPECT_TRUE(size) << text;
  return size ? size->bytes() : 0;
}

TEST(ByteSize, Units_are_powers_of_two_or_of_ten) {
  EXPECT_EQ(bytes_of("0B"), 0u);
  EXPECT_EQ(bytes_of("512B"), 512u);
  EXPECT_EQ(bytes_of("256KiB"), 262'144u);
  EXPECT_EQ(bytes_of("256 KiB"), 262'144u);
  EXPECT_EQ(bytes_of("10MB"), 10'000'000u);
  EXPECT_EQ(bytes_of("1kB"), bytes_of("1KB"));
  EXPECT_EQ(bytes_of("2GiB"), 2'147'483'648u);
  EXPECT_EQ(bytes_of("1TB"), 1'000'000'000'000u);
}

TEST(ByteSize, A_fraction_must_give_whole_bytes) {
  EXPECT_EQ(bytes_of("1.5KiB"), 1'536u);
  EXPECT_EQ(bytes_of("0.000000001GB"), 1u);
  EXPECT_EQ(bytes_of("0.999999999TB"), 999'999'999'000u);
  EXPECT_FALSE(parse_byte_size("1.5B"));
  EXPECT_FALSE(parse_byte_size("0.1KiB"));
}

TEST(ByteSize, The_largest_size_is_read_and_the_next_refused) {
  EXPECT_EQ(bytes_of("18446744073709551615B"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(parse_byte_size("18446744073709551616B"));
  EXPECT_FALSE(parse_byte_size("16777216TiB"));
  EXPECT_EQ(bytes_of("16777215TiB"), 16'777'215ull << 40);
}

TEST(ByteSize, What_is_no_size_is_refused_with_an_example) {
  for (const std::string_view text : {"", "KiB", "-1B", "+1B", "1", "1.", "1.KiB", ".5KiB", "1kib",
                                      "1 K", "1KiBB", "0x10B", "1e3B"}) {
    const Result<ByteSize> size = parse_byte_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().kind, ErrorKind::bad_input);
    EXPECT_NE(size.error().message.find("\"256KiB\""), std::string::npos) << text;
  }
}

TEST(ByteSize, The_shortest_whole_number_is_printed) {
  EXPECT_EQ(format_byte_size(ByteSize()), "0B");
  EXPECT_EQ(format_byte_size(ByteSize::kib(256)), "256KiB");
  EXPECT_EQ(format_byte_size(ByteSize(1'000'000)), "1MB");
  EXPECT_EQ(format_byte_size(ByteSize(1'025)), "1025B");
}

TEST(ByteSize, Every_printed_size_is_read_back) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {
    const ByteSize size(random() >> (random() % 64) << (random() % 24));
    EXPECT_EQ(bytes_of(format_byte_size(size)), size.bytes());
  }
}

}  // namespace
}  // namespace sluice
