#include "packaging/flash/bmap.h"

#include <gmock/gmock.h>

#include <regex>

#include "packaging/flash/sha256.h"
#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr std::size_t block = 4096;

// With its own checksum set right, as a forger would.
std::string sealed(std::string text) {
  const std::string zeros(64, '0');
  const std::size_t place = text.find("CHECKSUM");
  if (place == std::string::npos) return text;
  text.replace(place, 8, zeros);
  text.replace(place, 64, sha256_of(text));
  return text;
}

std::string bmap_with(const std::string& ranges, const std::string& mapped = "2") {
  return sealed(
      "<?xml version=\"1.0\" ?>\n<bmap version=\"2.0\"><ImageSize> 40000 </ImageSize>\n"
      "<BlockSize> 4096 </BlockSize><BlocksCount> 10 </BlocksCount>\n<MappedBlocksCount> " +
      mapped +
      " </MappedBlocksCount><ChecksumType> sha256 </ChecksumType>\n"
      "<BmapFileChecksum> CHECKSUM </BmapFileChecksum><BlockMap>" +
      ranges + "</BlockMap></bmap>\n");
}

std::string range(const std::string& blocks) {
  return "<Range chksum=\"" + std::string(64, 'a') + "\"> " + blocks + " </Range>";
}

class Bmaps : public FolderTest {};

TEST_F(Bmaps, What_bmaptool_writes_is_read) {
  NEEDS("bmaptool");
  std::string image(300 * block, '\0');
  image.replace(5 * block, 3, "abc");
  image.replace(100 * block, 2 * block, std::string(2 * block, 'x'));
  put("image", image);
  run({"fallocate", "--dig-holes", path("image")});
  run({"bmaptool", "create", "-o", path("bmap"), path("image")});
  const auto bmap = parse_bmap(get("bmap"));
  ASSERT_TRUE(bmap) << error_of(bmap);
  EXPECT_EQ(bmap->image_bytes, image.size());
  ASSERT_EQ(bmap->ranges.size(), 2u);
  EXPECT_EQ(bmap->ranges[0].offset, 5 * block);
  EXPECT_EQ(bmap->ranges[0].bytes, block);
  EXPECT_EQ(bmap->ranges[1].offset, 100 * block);
  EXPECT_EQ(bmap->ranges[1].bytes, 2 * block);
  EXPECT_EQ(bmap->ranges[1].sha256, sha256_of(std::string(2 * block, 'x')));
  EXPECT_EQ(bmap->mapped_bytes(), 3 * block);
}

TEST_F(Bmaps, The_last_range_ends_with_the_image) {
  const auto bmap = parse_bmap(bmap_with(range("0") + range("9")));
  ASSERT_TRUE(bmap) << error_of(bmap);
  EXPECT_EQ(bmap->ranges[1].offset + bmap->ranges[1].bytes, 40000u);
}

TEST_F(Bmaps, A_changed_byte_is_found_by_its_own_checksum) {
  std::string text = bmap_with(range("0-1"));
  ASSERT_TRUE(parse_bmap(text));
  text[text.find("0-1")] = '1';
  EXPECT_THAT(error_of(parse_bmap(text)), HasSubstr("its own checksum is wrong"));
}

TEST_F(Bmaps, Ranges_that_overlap_or_leave_the_image_are_refused) {
  EXPECT_THAT(error_of(parse_bmap(bmap_with(range("3") + range("3")))), HasSubstr("overlaps"));
  EXPECT_THAT(error_of(parse_bmap(bmap_with(range("9-10")))), HasSubstr("overlaps"));
  EXPECT_THAT(error_of(parse_bmap(bmap_with(range("4-3")))), HasSubstr("ends before it begins"));
  EXPECT_THAT(error_of(parse_bmap(bmap_with(range("0"), "7"))), HasSubstr("MappedBlocksCount"));
  EXPECT_THAT(error_of(parse_bmap(bmap_with("<Range> 0-1 </Range>"))), HasSubstr("no sha256"));
}

TEST_F(Bmaps, What_is_no_bmap_is_refused_with_the_reason) {
  EXPECT_THAT(error_of(parse_bmap("")), HasSubstr("line 1"));
  EXPECT_THAT(error_of(parse_bmap("<bmap")), HasSubstr("line 1"));
  EXPECT_THAT(error_of(parse_bmap("<a/>")), HasSubstr("version"));
  const std::string old =
      std::regex_replace(bmap_with(range("0-1")), std::regex("version=\"2.0\""), "version=\"1.3\"");
  EXPECT_THAT(error_of(parse_bmap(old)), HasSubstr("bmaptool 3.0"));
  EXPECT_FALSE(parse_bmap("<!DOCTYPE b [<!ENTITY a \"x\">]><bmap version=\"2.0\">&a;</bmap>"));
}

}  // namespace
}  // namespace sluice
