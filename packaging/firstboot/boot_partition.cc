#include "packaging/firstboot/boot_partition.h"

#include <fcntl.h>
#include <unistd.h>

#include "packaging/provisioning/files.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

Result<void> overwrite(int fd, std::size_t size, const std::string& name) {
  const std::string blanks(size, ' ');
  if (pwrite(fd, blanks.data(), size, 0) != static_cast<ssize_t>(size) || fsync(fd) != 0) {
    return system_error(ErrorKind::no_space, name);
  }
  return {};
}

}  // namespace

Result<std::optional<std::string>> BootPartition::take(std::string_view name) const {
  if (!fs::exists(path(name))) return std::optional<std::string>();
  return std::optional<std::string>(TRY(read_file(path(name))));
}

Result<void> BootPartition::erase(std::string_view name) const {
  std::error_code fault;
  if (!fs::exists(path(name))) return {};
  const auto size = fs::file_size(path(name), fault);
  const int fd = open(path(name).c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || fault) return system_error(ErrorKind::no_space, path(name).string());
  const Result<void> done = overwrite(fd, size, path(name).string());
  close(fd);
  TRY(Result<void>(done));
  fs::remove(path(name), fault);
  if (!fault) return {};
  return Error{ErrorKind::no_space, path(name).string() + ": " + fault.message()};
}

Result<void> BootPartition::put(std::string_view name, std::string_view text) const {
  return replace_file(path(name), text, 0644);
}

}  // namespace sluice
