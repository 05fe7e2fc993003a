#include "config/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sluice {
namespace {

Error not_found(const std::string& where, const std::string& why) {
  return Error{ErrorKind::bad_config, "the secret in " + where + ": " + why};
}

std::string last_system_error() { return std::strerror(errno); }

Result<std::string> read_secret_file(const std::string& path) {
  const std::string where = "file '" + path + "'";
  // Non-blocking: opening a named pipe by mistake must not stop the gateway.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return not_found(where, last_system_error());
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(file);
    return not_found(where, "it is not a regular file");
  }
  std::string text(Secret::max_bytes + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t count = ::read(file, text.data() + used, text.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const std::string why = last_system_error();
      ::close(file);
      return not_found(where, why);
    }
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
  }
  ::close(file);
  if (used > Secret::max_bytes) return not_found(where, "it is larger than 64 KiB");
  text.resize(used);
  if (text.ends_with("\r\n")) {
    text.resize(used - 2);
  } else if (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

}  // namespace

Result<std::string> Secret::reveal() const {
  switch (place_) {
    case Place::none:
      return std::string();
    case Place::literal:
      return text_;
    case Place::environment: {
      const char* value = std::getenv(text_.c_str());
      if (value != nullptr) return std::string(value);
      return not_found("environment variable '" + text_ + "'", "it is not set");
    }
    case Place::file:
      return read_secret_file(text_);
    case Place::credential: {
      const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
      if (directory != nullptr) {
        // LoadCredential=sluice:FOLDER gives each file of a folder under a name with a prefix.
        const std::string path = std::string(directory) + "/" + text_;
        const std::string of_folder = std::string(directory) + "/sluice_" + text_;
        return read_secret_file(
            ::access(path.c_str(), F_OK) != 0 && ::access(of_folder.c_str(), F_OK) == 0 ? of_folder
                                                                                        : path);
      }
      return not_found("credential '" + text_ + "'",
                       "$CREDENTIALS_DIRECTORY is not set; the service needs LoadCredential=");
    }
  }
  return std::string();
}

}  // namespace sluice
