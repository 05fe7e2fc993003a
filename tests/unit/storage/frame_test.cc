#include "storage/frame.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Frame, Content_of_any_size_reads_back) {
  FrameCodec codec;
  for (const std::size_t size : {0UL, 1UL, 63UL, 64UL, 1000UL, 1'000'000UL}) {
    std::string raw;
    for (std::size_t i = 0; i < size; ++i) raw.push_back(static_cast<char>('a' + i % 23));
    EXPECT_EQ(codec.open(codec.seal(raw)).value(), raw);
  }
}

TEST(Frame, Repetitive_content_gets_much_smaller) {
  FrameCodec codec;
  EXPECT_LT(codec.seal(std::string(100'000, 'x')).size(), 200U);
}

TEST(Frame, Every_flipped_bit_is_noticed) {
  FrameCodec codec;
  const std::string frame = codec.seal(
      "twenty-one degrees, and a text long enough to be compressed by zstd, ha ha ha ha ha");
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const auto opened = codec.open(damaged);
    ASSERT_FALSE(opened) << "bit " << bit;
    EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  }
}

TEST(Frame, Every_truncation_is_noticed) {
  FrameCodec codec;
  const std::string frame = codec.seal(std::string(500, 'z'));
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_FALSE(codec.open(frame.substr(0, size)));
}

}  // namespace
}  // namespace sluice
