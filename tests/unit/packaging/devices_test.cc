#include "packaging/flash/devices.h"

#include <gmock/gmock.h>

#include "packaging/flash/flash.h"
#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t image = 1'000'000'000;

// A machine with a built-in disk that it runs from, through the device mapper, and whatever a test
// puts in.
class Devices : public FolderTest {
 protected:
  Devices() {
    add_disk("nvme0n1", "259:0", {.model = "Built In", .is_removable = false});
    add_partition("nvme0n1", "nvme0n1p2", "259:2");
    put("sys/block/nvme0n1/nvme0n1p2/holders/dm-0/dev", "254:0\n");
    put("sys/block/dm-0/dev", "254:0\n");
    mount("254:0", "/", "/dev/mapper/root");
    put("proc/swaps", "Filename Type Size Used Priority\n");
  }

  struct Facts {
    std::string model = "Ultra";
    bool is_removable = true;
    std::string sectors = "62333952";
  };
  void add_disk(const std::string& name, const std::string& number, const Facts& facts) {
    const std::string disk = "sys/block/" + name + "/";
    put(disk + "dev", number + "\n");
    put(disk + "size", facts.sectors + "\n");
    put(disk + "removable", facts.is_removable ? "1\n" : "0\n");
    put(disk + "ro", "0\n");
    put(disk + "device/model", facts.model + "           \n");
  }
  void add_partition(const std::string& disk, const std::string& name, const std::string& number) {
    put("sys/block/" + disk + "/" + name + "/partition", "1\n");
    put("sys/block/" + disk + "/" + name + "/dev", number + "\n");
  }
  void mount(const std::string& number, const std::string& point, const std::string& source) {
    mounts_ +=
        "36 35 " + number + " / " + point + " rw,noatime master:1 - ext4 " + source + " rw\n";
    put("proc/self/mountinfo", mounts_);
  }
  Machine machine() const { return {folder_ / "sys", folder_ / "proc"}; }
  std::string refusal(const std::string& path, std::uint64_t bytes = image) const {
    return error_of(choose_target(machine(), path, bytes));
  }

 private:
  std::string mounts_;
};

TEST_F(Devices, Only_removable_disks_with_a_medium_are_listed) {
  add_disk("sdb", "8:16", {.model = "Ultra"});
  add_disk("sdc", "8:32", {.model = "Empty Reader", .sectors = "0"});
  add_disk("sdd", "8:48", {.model = "Archive", .is_removable = false});
  const auto devices = removable_devices(machine());
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0].name, "sdb");
  EXPECT_EQ(devices[0].model, "Ultra");
  EXPECT_EQ(devices[0].bytes, 62333952ull * 512);
  EXPECT_EQ(list_devices(machine()), "Removable disks:\n  /dev/sdb  Ultra, 31.9 GB\n");
}

TEST_F(Devices, A_machine_without_any_says_what_to_do) {
  EXPECT_THAT(list_devices(machine()), HasSubstr("Put one in"));
}

TEST_F(Devices, An_SD_card_in_a_built_in_reader_and_a_USB_disk_count_as_removable) {
  add_disk("mmcblk0", "179:0", {.model = "", .is_removable = false});
  put("sys/block/mmcblk0/device/type", "SD\n");
  put("sys/block/mmcblk0/device/name", "SC32G\n");
  put("sys/devices/pci0/usb2/2-1/block/sdb/size", "1000\n");
  std::filesystem::create_symlink(path("sys/devices/pci0/usb2/2-1/block/sdb"),
                                  path("sys/block/sdb"));
  const auto devices = removable_devices(machine());
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].model, "SC32G");
  EXPECT_EQ(devices[1].name, "sdb");
}

TEST_F(Devices, A_good_card_is_chosen) {
  add_disk("sdb", "8:16", {});
  const auto device = choose_target(machine(), "/dev/sdb", image);
  ASSERT_TRUE(device) << error_of(device);
  EXPECT_THAT(device->mounted_at, IsEmpty());
}

TEST_F(Devices, The_system_disk_is_refused_even_through_the_device_mapper) {
  EXPECT_THAT(refusal("/dev/nvme0n1"), HasSubstr("the disk that this system runs from"));
}

TEST_F(Devices, A_removable_system_disk_is_neither_listed_nor_written) {
  add_disk("sdb", "8:16", {});
  add_partition("sdb", "sdb1", "8:17");
  mount("8:17", "/boot/efi", "/dev/sdb1");
  EXPECT_THAT(removable_devices(machine()), IsEmpty());
  EXPECT_THAT(refusal("/dev/sdb"), HasSubstr("the disk that this system runs from"));
}

TEST_F(Devices, A_built_in_disk_is_refused_with_its_model) {
  add_disk("sda", "8:0", {.model = "Archive", .is_removable = false});
  EXPECT_THAT(refusal("/dev/sda"), HasSubstr("is built in (Archive)"));
}

TEST_F(Devices, A_mounted_partition_is_refused_with_the_command_that_helps) {
  add_disk("sdb", "8:16", {});
  add_partition("sdb", "sdb1", "8:17");
  mount("8:17", "/media/card", "/dev/sdb1");
  EXPECT_THAT(refusal("/dev/sdb"), HasSubstr("first: umount /media/card"));
  EXPECT_THAT(list_devices(machine()), HasSubstr("mounted at /media/card"));
}

TEST_F(Devices, A_mount_is_found_by_its_source_where_its_number_is_anonymous) {  // btrfs
  add_disk("sdb", "8:16", {});
  add_partition("sdb", "sdb1", "8:17");
  mount("0:45", "/media/card", "/dev/sdb1");
  EXPECT_THAT(refusal("/dev/sdb"), HasSubstr("mounted at /media/card"));
}

TEST_F(Devices, Swap_space_is_refused) {
  add_disk("sdb", "8:16", {});
  add_partition("sdb", "sdb2", "8:18");
  put("proc/swaps", "Filename Type Size\n/dev/sdb2 partition 1000\n");
  EXPECT_THAT(refusal("/dev/sdb"), HasSubstr("swap"));
}

TEST_F(Devices, A_partition_is_refused_and_its_disk_named) {
  add_disk("sdb", "8:16", {});
  add_partition("sdb", "sdb1", "8:17");
  EXPECT_THAT(refusal("/dev/sdb1"), HasSubstr("the whole disk: /dev/sdb"));
}

TEST_F(Devices, Too_small_write_protected_and_missing_ones_are_refused) {
  add_disk("sdb", "8:16", {.sectors = "1000"});
  EXPECT_THAT(refusal("/dev/sdb"), HasSubstr("too small: it has 512 kB"));
  add_disk("sdc", "8:32", {});
  put("sys/block/sdc/ro", "1\n");
  EXPECT_THAT(refusal("/dev/sdc"), HasSubstr("write-protected"));
  EXPECT_THAT(refusal("/dev/sdx"), HasSubstr("is no disk"));
}

TEST_F(Devices, A_plain_file_serves_when_it_is_large_enough) {
  put("disk", std::string(5000, '\0'));
  EXPECT_TRUE(choose_target(machine(), path("disk"), 5000));
  EXPECT_THAT(refusal(path("disk"), 5001), HasSubstr("too small"));
}

}  // namespace
}  // namespace sluice
