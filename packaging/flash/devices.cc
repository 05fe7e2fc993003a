#include "packaging/flash/devices.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "packaging/flash/units.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t sysfs_sector = 512;  // whatever the disk's own is

Error unusable(const std::string& message) { return Error{ErrorKind::bad_input, message}; }

// The first line, without spaces around it; empty when there is no such file.
std::string line_of(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_last_not_of(' ') - begin + 1);
}

bool is_one(const fs::path& path) { return line_of(path) == "1"; }

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The disk, its partitions, and what the device mapper or RAID has built on them.
void collect_names(const Machine& machine, const std::string& disk, std::set<std::string>& names) {
  if (!names.insert(disk).second) return;
  const fs::path folder = machine.sys / "block" / disk;
  for (const std::string& holder : names_in(folder / "holders")) {
    collect_names(machine, holder, names);
  }
  for (const std::string& part : names_in(folder)) {
    if (!fs::exists(folder / part / "partition")) continue;
    names.insert(part);
    for (const std::string& holder : names_in(folder / part / "holders")) {
      collect_names(machine, holder, names);
    }
  }
}

// "8:17" of each, as mountinfo has them.
std::set<std::string> numbers_of(const Machine& machine, const std::string& disk,
                                 const std::set<std::string>& names) {
  std::set<std::string> numbers;
  for (const std::string& name : names) {
    for (const fs::path& folder :
         {machine.sys / "block" / name, machine.sys / "block" / disk / name}) {
      const std::string number = line_of(folder / "dev");
      if (!number.empty()) numbers.insert(number);
    }
  }
  return numbers;
}

// "/dev/sdb1" or a link to it, such as /dev/mapper/root.
bool names_device(const std::string& source, const std::set<std::string>& names) {
  if (!source.starts_with("/dev/")) return false;
  std::error_code none;
  const fs::path path = fs::weakly_canonical(source, none);
  return names.contains(path.filename().string()) ||
         names.contains(fs::path(source).filename().string());
}

// proc(5): "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw"
std::vector<std::string> mount_points(const Machine& machine, const std::set<std::string>& names,
                                      const std::set<std::string>& numbers) {
  std::vector<std::string> points;
  std::ifstream file(machine.proc / "self" / "mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string id, parent, number, root, point, word, source;
    fields >> id >> parent >> number >> root >> point;
    while (fields >> word && word != "-") {
    }
    fields >> word >> source;  // the type, and what is mounted
    if (numbers.contains(number) || names_device(source, names)) points.push_back(point);
  }
  return points;
}

bool has_swap(const Machine& machine, const std::set<std::string>& names) {
  std::ifstream file(machine.proc / "swaps");
  for (std::string line; std::getline(file, line);) {
    if (names_device(line.substr(0, line.find_first_of(" \t")), names)) return true;
  }
  return false;
}

// The kernel's `removable` speaks of the medium: a USB stick has it, a USB disk and the SD card in
// a built-in reader do not.
bool is_removable(const fs::path& folder) {
  if (is_one(folder / "removable") || line_of(folder / "device" / "type") == "SD") return true;
  std::error_code none;
  return fs::canonical(folder, none).string().find("/usb") != std::string::npos;
}

std::string model_of(const fs::path& folder) {
  const std::string vendor = line_of(folder / "device" / "vendor");
  std::string model = line_of(folder / "device" / "model");
  if (model.empty()) model = line_of(folder / "device" / "name");  // of an SD card
  if (vendor.empty() || vendor == "ATA") return model;             // ATA is the bus
  return vendor + " " + model;
}

BlockDevice read_device(const Machine& machine, const std::string& name) {
  const fs::path folder = machine.sys / "block" / name;
  std::set<std::string> names;
  collect_names(machine, name, names);
  BlockDevice device;
  device.name = name;
  device.model = model_of(folder);
  const std::string sectors = line_of(folder / "size");
  std::from_chars(sectors.data(), sectors.data() + sectors.size(), device.bytes);
  device.bytes *= sysfs_sector;
  device.is_removable = is_removable(folder);
  device.is_loop = fs::exists(folder / "loop");
  device.is_write_protected = is_one(folder / "ro");
  device.mounted_at = mount_points(machine, names, numbers_of(machine, name, names));
  device.is_swap = has_swap(machine, names);
  return device;
}

// The disk that this is a partition of, or nothing.
std::string disk_of_partition(const Machine& machine, const std::string& name) {
  for (const std::string& disk : names_in(machine.sys / "block")) {
    if (fs::exists(machine.sys / "block" / disk / name / "partition")) return disk;
  }
  return {};
}

Result<void> check_usable(const BlockDevice& device, const std::string& path) {
  if (device.is_system_disk()) return unusable(path + " is the disk that this system runs from");
  if (!device.is_removable && !device.is_loop) {
    return unusable(path + " is built in (" + device.model +
                    "); only removable disks and loop devices are written");
  }
  if (!device.mounted_at.empty()) {
    return unusable(path + " is mounted at " + device.mounted_at.front() + "; first: umount " +
                    device.mounted_at.front());
  }
  if (device.is_swap) return unusable(path + " is in use as swap space");
  if (device.bytes == 0) return unusable("there is no medium in " + path);
  if (device.is_write_protected) {
    return unusable(path + " is write-protected: an SD card has a switch on its side");
  }
  return {};
}

Result<void> check_size(const BlockDevice& device, const std::string& path, std::uint64_t needed) {
  if (device.bytes >= needed) return {};
  return unusable(path + " is too small: it has " + size_text(device.bytes) + ", the image needs " +
                  size_text(needed) + " (" + std::to_string(needed) + " bytes)");
}

bool is_plain_file(const std::string& path, BlockDevice& device) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  device.name = fs::path(path).filename().string();
  device.model = "a file";
  device.bytes = static_cast<std::uint64_t>(status.st_size);
  return true;
}

}  // namespace

bool BlockDevice::is_system_disk() const {
  const std::set<std::string> system{"/", "/usr", "/var", "/boot", "/boot/efi"};
  return std::any_of(mounted_at.begin(), mounted_at.end(),
                     [&](const std::string& point) { return system.contains(point); });
}

std::vector<BlockDevice> removable_devices(const Machine& machine) {
  std::vector<BlockDevice> devices;
  for (const std::string& name : names_in(machine.sys / "block")) {
    BlockDevice device = read_device(machine, name);
    if (device.is_removable && device.bytes > 0 && !device.is_system_disk()) {
      devices.push_back(std::move(device));
    }
  }
  return devices;
}

Result<BlockDevice> choose_target(const Machine& machine, const std::string& path,
                                  std::uint64_t needed_bytes) {
  std::error_code none;
  BlockDevice device;
  if (is_plain_file(path, device)) {
    TRY(check_size(device, path, needed_bytes));
    return device;
  }
  const std::string name = fs::weakly_canonical(path, none).filename().string();
  const std::string disk = disk_of_partition(machine, name);
  if (!disk.empty()) {
    return unusable(path + " is a partition; an image needs the whole disk: /dev/" + disk);
  }
  if (name.empty() || !fs::exists(machine.sys / "block" / name)) {
    return unusable(path + " is no disk. Without a device sluice-flash lists those there are");
  }
  device = read_device(machine, name);
  TRY(check_usable(device, path));
  TRY(check_size(device, path, needed_bytes));
  return device;
}

}  // namespace sluice
