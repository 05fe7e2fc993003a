#include "packaging/flash/partition_table.h"

#include <algorithm>
#include <vector>

#include "core/bytes.h"

namespace sluice {
namespace {

constexpr std::size_t sector = 512;

std::string_view part_of(std::string_view head, std::uint64_t offset, std::size_t bytes) {
  if (offset > head.size() || head.size() - offset < bytes) return {};
  return head.substr(static_cast<std::size_t>(offset), bytes);
}

// The names are only remarks of the tool that made it, but every tool makes them, and other boot
// sectors (of GRUB, of NTFS) do not have them.
bool is_fat(std::string_view head, std::uint64_t offset) {
  const std::string_view boot = part_of(head, offset, sector);
  if (boot.empty() || boot.substr(510) != "\x55\xAA") return false;
  return boot.substr(54, 3) == "FAT" || boot.substr(82, 5) == "FAT32";
}

void read_gpt(std::string_view head, std::vector<FatPartition>& partitions) {
  ByteReader header(part_of(head, sector, 92));
  header.bytes(72);  // signature, sizes, places: not needed here
  const auto first_entry = header.fixed<std::uint64_t>() * sector;
  const auto entries = header.fixed<std::uint32_t>();
  const auto entry_bytes = header.fixed<std::uint32_t>();
  if (!header.is_ok() || entry_bytes < 128 || entry_bytes > 4096) return;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(entries, 128); ++i) {
    ByteReader entry(part_of(head, first_entry + std::uint64_t{i} * entry_bytes, 128));
    entry.bytes(32);  // type and id
    const auto first = entry.fixed<std::uint64_t>();
    const auto last = entry.fixed<std::uint64_t>();
    if (!entry.is_ok() || first == 0 || last < first) continue;
    partitions.push_back({i + 1, first * sector, (last - first + 1) * sector});
  }
}

void read_mbr(std::string_view head, std::vector<FatPartition>& partitions) {
  for (unsigned i = 0; i < 4; ++i) {
    ByteReader entry(part_of(head, 446 + 16 * i, 16));
    entry.bytes(8);  // state, type, and the geometry of long ago
    const auto first = entry.fixed<std::uint32_t>();
    const auto count = entry.fixed<std::uint32_t>();
    if (entry.is_ok() && first > 0 && count > 0) {
      partitions.push_back({i + 1, std::uint64_t{first} * sector, std::uint64_t{count} * sector});
    }
  }
}

}  // namespace

Result<FatPartition> find_fat_partition(std::string_view head) {
  std::vector<FatPartition> partitions;
  if (part_of(head, sector, 8) == "EFI PART") {
    read_gpt(head, partitions);
  } else if (part_of(head, 510, 2) == "\x55\xAA") {
    read_mbr(head, partitions);
  }
  const auto found =
      std::find_if(partitions.begin(), partitions.end(),
                   [&](const FatPartition& partition) { return is_fat(head, partition.offset); });
  if (found != partitions.end()) return *found;
  return Error{ErrorKind::bad_input, "the image has no FAT partition for a configuration"};
}

}  // namespace sluice
