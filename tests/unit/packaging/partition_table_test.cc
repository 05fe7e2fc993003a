#include "packaging/flash/partition_table.h"

#include <gmock/gmock.h>

#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr std::size_t mebibyte = 1 << 20;

// Tables by sfdisk, file systems by mkfs.fat.
class PartitionTables : public FolderTest {
 protected:
  Result<FatPartition> find(const std::string& script, std::size_t fat_at) {
    put("disk", std::string(16 * mebibyte, '\0'));
    run({"sfdisk", "-q", "--no-tell-kernel", path("disk")}, script);
    put("fat", std::string(4 * mebibyte, '\0'));
    run({"mkfs.fat", path("fat")});
    std::string disk = get("disk");
    disk.replace(mebibyte + 510, 2, "\x55\xAA");  // a boot sector, but not of FAT
    disk.replace(fat_at * mebibyte, 4 * mebibyte, get("fat"));
    return find_fat_partition(disk);
  }
};

TEST_F(PartitionTables, The_FAT_partition_of_a_GPT_is_found) {
  NEEDS("sfdisk");
  NEEDS("mkfs.fat");
  const auto found =
      find("label: gpt\nstart=2048, size=2048, type=L\nstart=4096, size=8192, type=U\n", 2);
  ASSERT_TRUE(found) << error_of(found);
  EXPECT_EQ(found->number, 2u);
  EXPECT_EQ(found->offset, 2 * mebibyte);
  EXPECT_EQ(found->bytes, 4 * mebibyte);
}

TEST_F(PartitionTables, The_FAT_partition_of_an_MBR_is_found) {
  NEEDS("sfdisk");
  NEEDS("mkfs.fat");
  const auto found = find("label: dos\nstart=8192, size=8192, type=c\n", 4);
  ASSERT_TRUE(found) << error_of(found);
  EXPECT_EQ(found->number, 1u);
  EXPECT_EQ(found->offset, 4 * mebibyte);
}

TEST_F(PartitionTables, A_partition_without_a_FAT_in_it_is_not_taken_for_one) {
  NEEDS("sfdisk");
  NEEDS("mkfs.fat");
  const auto found = find("label: gpt\nstart=2048, size=2048, type=U\n", 8);
  EXPECT_THAT(error_of(found), HasSubstr("no FAT partition"));
}

TEST_F(PartitionTables, What_is_no_disk_has_none) {
  EXPECT_FALSE(find_fat_partition(""));
  EXPECT_FALSE(find_fat_partition(std::string(mebibyte, 'x')));
  std::string cut(600, '\0');
  cut.replace(512, 8, "EFI PART");
  EXPECT_FALSE(find_fat_partition(cut));
}

}  // namespace
}  // namespace sluice
