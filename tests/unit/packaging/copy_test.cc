#include "packaging/flash/copy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "packaging/flash/sha256.h"
#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr std::size_t block = 4096;
constexpr std::size_t image_bytes = 2000 * block;

// A disk in memory, of which a test can spoil what it likes.
class MemoryDisk : public Disk {
 public:
  Result<void> write(std::uint64_t offset, std::span<const char> bytes) override {
    if (before_write) before_write(offset);
    if (offset + bytes.size() > content.size()) return Error{ErrorKind::corrupt, "disk full"};
    std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
    writes.push_back(offset);
    return {};
  }
  Result<void> sync() override { return {}; }
  Result<void> read(std::uint64_t offset, std::span<char> into) override {
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  }

  std::string content = std::string(image_bytes, 'o');  // old
  std::vector<std::uint64_t> writes;
  std::function<void(std::uint64_t)> before_write;
};

class Copies : public FolderTest {
 protected:
  Copies() {
    fill(0, 3, 'a');
    fill(500, 20, 'b');
    fill(1990, 10, 'c');
    put("image", image_);
  }
  void fill(std::size_t first, std::size_t blocks, char letter) {
    image_.replace(first * block, blocks * block, std::string(blocks * block, letter));
    bmap_.ranges.push_back(
        {first * block, blocks * block, sha256_of(std::string(blocks * block, letter))});
  }
  void pack() { run({"zstd", "-q", "-f", path("image"), "-o", path("image.zst")}); }

  Result<CheckedImage> check(const std::string& name, std::optional<Bmap> bmap) {
    const auto image = ImageReader::open(path(name));
    if (!image) return image.error();
    CopyProgress progress("checking", 1);
    return check_image(**image, std::move(bmap), progress, stop_);
  }
  Result<void> write(const std::string& name) {
    const auto image = ImageReader::open(path(name));
    if (!image) return image.error();
    CopyProgress progress("writing", 1);
    return write_image(**image, bmap_, disk_, progress, stop_);
  }
  Result<void> compare() {
    CopyProgress progress("reading back", 1);
    return read_back(disk_, bmap_, progress, stop_);
  }

  std::string image_ = std::string(image_bytes, '\0');
  Bmap bmap_{image_bytes, {}};
  MemoryDisk disk_;
  std::atomic<bool> stop_{false};
};

TEST_F(Copies, Mapped_ranges_arrive_and_the_rest_is_left_as_it_was) {
  pack();
  for (const char* name : {"image", "image.zst"}) {
    disk_ = MemoryDisk();
    ASSERT_TRUE(check(name, bmap_)) << name;
    ASSERT_TRUE(write(name)) << name;
    ASSERT_TRUE(compare()) << name;
    EXPECT_EQ(disk_.content[500 * block], 'b');
    EXPECT_EQ(disk_.content[499 * block], 'o') << name << ": an unmapped block was written";
    EXPECT_EQ(disk_.content[1989 * block], 'o');
    EXPECT_EQ(disk_.content.back(), 'c');
  }
}

TEST_F(Copies, The_head_of_the_disk_is_cleared_first_and_written_last) {
  disk_.before_write = [&](std::uint64_t offset) {
    if (offset == 0) return;
    EXPECT_EQ(disk_.content.substr(0, 512), std::string(512, '\0'));
  };
  ASSERT_TRUE(write("image"));
  EXPECT_EQ(disk_.writes.front(), 0u);
  EXPECT_EQ(disk_.writes.back(), 0u);
  EXPECT_EQ(disk_.content.substr(0, 4), "aaaa");
}

TEST_F(Copies, A_changed_byte_of_the_image_is_found_before_anything_is_written) {
  image_[510 * block + 7] ^= 1;
  put("image", image_);
  pack();
  for (const char* name : {"image", "image.zst"}) {
    EXPECT_THAT(error_of(check(name, bmap_)),
                HasSubstr("not the one that was signed: bytes 2048000 to 2129919"));
  }
}

TEST_F(Copies, An_image_that_was_cut_short_is_found) {
  pack();
  std::filesystem::resize_file(path("image"), 505 * block);
  EXPECT_THAT(error_of(check("image", bmap_)), HasSubstr("ends at byte 2068480"));
  const auto size = std::filesystem::file_size(path("image.zst"));
  std::filesystem::resize_file(path("image.zst"), size - 5);
  EXPECT_THAT(error_of(check("image.zst", bmap_)), HasSubstr("cut short"));
}

TEST_F(Copies, A_damaged_zstd_file_is_refused) {
  pack();
  std::string packed = get("image.zst");
  packed[packed.size() - 2] ^= 1;  // the frame's checksum
  put("image.zst", packed);
  EXPECT_THAT(error_of(check("image.zst", bmap_)), HasSubstr("is damaged"));
}

TEST_F(Copies, Without_a_bmap_all_of_the_image_is_one_range) {
  const auto checked = check("image", std::nullopt);
  ASSERT_TRUE(checked) << error_of(checked);
  ASSERT_EQ(checked->bmap.ranges.size(), 1u);
  EXPECT_EQ(checked->bmap.image_bytes, image_bytes);
  EXPECT_EQ(checked->bmap.ranges[0].sha256, sha256_of(image_));
  EXPECT_EQ(checked->head.substr(0, 3 * block), image_.substr(0, 3 * block));
}

TEST_F(Copies, A_bad_block_is_found_when_it_is_read_back) {
  ASSERT_TRUE(write("image"));
  disk_.content[1995 * block] ^= 1;
  EXPECT_THAT(error_of(compare()), HasSubstr("bytes 8151040 to 8191999"));
}

TEST_F(Copies, A_disk_that_lies_about_its_size_is_found) {
  disk_.content.resize(1000 * block);
  EXPECT_THAT(error_of(write("image")), HasSubstr("disk full"));
}

TEST_F(Copies, Each_pass_ends_when_it_is_stopped) {
  stop_ = true;
  EXPECT_THAT(error_of(check("image", bmap_)), HasSubstr("interrupted"));
  EXPECT_THAT(error_of(check("image", std::nullopt)), HasSubstr("interrupted"));
  EXPECT_THAT(error_of(write("image")), HasSubstr("interrupted"));
  EXPECT_THAT(error_of(compare()), HasSubstr("interrupted"));
}

}  // namespace
}  // namespace sluice
