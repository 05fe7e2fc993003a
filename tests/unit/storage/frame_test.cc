#include "storage/frame.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Frame, Content_of_any_size_reads_back) {
  FrameCodec codec;
  for (const std::size_t size : {0UL, 1UL, 63UL, 64UL, 1000UL, 1'000'000UL}) {
    std::string raw;
    for (std::size_t i = 0; i < size; ++i) raw.push_back(static_cast<char>('a' + i % 23));
    EXPECT_EQ(codec.open("J1", codec.seal("J1", raw)).value(), raw);
  }
}

TEST(Frame, Repetitive_content_gets_much_smaller) {
  FrameCodec codec;
  EXPECT_LT(codec.seal("J1", std::string(100'000, 'x')).size(), 200U);
}

TEST(Frame, Every_flipped_bit_is_noticed) {
  FrameCodec codec;
  const std::string frame = codec.seal(
      "J1", "twenty-one degrees, and a text long enough to be compressed by zstd, ha ha ha ha ha");
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const auto opened = codec.open("J1", damaged);
    ASSERT_FALSE(opened) << "bit " << bit;
    EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  }
}

TEST(Frame, A_frame_is_not_taken_for_that_of_another_key) {
  FrameCodec codec;
  const std::string frame = codec.seal("J1", "twenty-one degrees");
  EXPECT_TRUE(codec.open("J1", frame));
  EXPECT_FALSE(codec.open("J2", frame));
  EXPECT_FALSE(codec.open("J", frame));
}

TEST(Frame, A_frame_of_version_1_whose_checksum_leaves_the_key_out_is_still_read) {
  std::string frame("\x01\x00\x02hi", 5);
  for (const int byte : {0x9d, 0xeb, 0x66, 0x49, 0x1a, 0x5a, 0x0e, 0x25})
    frame.push_back(static_cast<char>(byte));
  FrameCodec codec;
  EXPECT_EQ(codec.open("J1", frame).value(), "hi");
}

TEST(Frame, Every_truncation_is_noticed) {
  FrameCodec codec;
  const std::string frame = codec.seal("J1", std::string(500, 'z'));
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_FALSE(codec.open("J1", frame.substr(0, size)));
}

}  // namespace
}  // namespace sluice
