#include "packaging/provisioning/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace sluice {
namespace {

Result<void> write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(ErrorKind::no_space, name);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(fd) != 0) return system_error(ErrorKind::no_space, name);
  return {};
}

// A rename lasts once its folder is on the disk.
void sync_folder(const std::filesystem::path& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

// Only root may give files away; for others the old owner is them anyway.
void keep_owner(const std::filesystem::path& path, int fd) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return;
  if (fchown(fd, status.st_uid, status.st_gid) != 0) return;
}

}  // namespace

Error system_error(ErrorKind kind, const std::string& what) {
  return Error{kind, what + ": " + std::strerror(errno)};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code fault;
  const auto size = std::filesystem::file_size(path, fault);
  if (fault) return Error{ErrorKind::bad_input, path.string() + ": " + fault.message()};
  if (size > max_file_bytes) {
    return Error{ErrorKind::bad_input, path.string() + " is too large for what it should be"};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return system_error(ErrorKind::bad_input, path.string());
  return text;
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  std::error_code fault;
  std::filesystem::create_directories(path.parent_path(), fault);
  const std::string beside = path.string() + ".new";
  unlink(beside.c_str());
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return system_error(ErrorKind::no_space, beside);
  keep_owner(path, fd);
  fchmod(fd, mode);  // whatever the umask is
  Result<void> written = write_all(fd, text, beside);
  close(fd);
  if (!written) {
    unlink(beside.c_str());
    return written;
  }
  if (rename(beside.c_str(), path.c_str()) != 0) {
    return system_error(ErrorKind::no_space, path.string());
  }
  sync_folder(path.parent_path());
  return {};
}

}  // namespace sluice
