#include "packaging/flash/fat_files.h"

#include <vector>

#include "packaging/provisioning/program.h"

namespace sluice {
namespace {

std::vector<std::string> mcopy(const std::string& disk, const FatPartition& partition) {
  return {"mcopy", "-n", "-o", "-i", disk + "@@" + std::to_string(partition.offset)};
}

}  // namespace

Result<void> check_fat_tools() {
  if (is_installed("mcopy")) return {};
  return Error{ErrorKind::bad_config,
               "writing the configuration needs mcopy: apt-get install mtools"};
}

Result<void> put_fat_file(const std::string& disk, const FatPartition& partition,
                          const FatFile& file) {
  std::vector<std::string> command = mcopy(disk, partition);
  command.insert(command.end(), {"-", "::/" + file.name});
  const Result<std::string> output = output_of(command, file.text);
  if (!output) {
    return Error{ErrorKind::corrupt, file.name + " cannot be put onto partition " +
                                         std::to_string(partition.number) + " of " + disk + ": " +
                                         output.error().message};
  }
  return {};
}

Result<std::string> get_fat_file(const std::string& disk, const FatPartition& partition,
                                 const std::string& name) {
  std::vector<std::string> command = mcopy(disk, partition);
  command.insert(command.end(), {"::/" + name, "-"});
  return output_of(command);
}

}  // namespace sluice
