#include "gateway/named_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace sluice {
namespace {

Error bad(const std::string& message) { return {ErrorKind::bad_config, message}; }

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

NamedFiles NamedFiles::on_disk(std::filesystem::path folder) {
  return NamedFiles(std::move(folder));
}

NamedFiles NamedFiles::beside(const std::string& configuration_file) {
  return on_disk(std::filesystem::path(configuration_file).parent_path());
}

NamedFiles NamedFiles::stored(const std::vector<EpochFile>& files) {
  NamedFiles stored{std::filesystem::path()};
  stored.is_stored_ = true;
  for (const EpochFile& file : files) stored.stored_.emplace(file.name, file.content);
  return stored;
}

Result<std::string_view> NamedFiles::read(const std::string& name) {
  if (const auto known = read_.find(name); known != read_.end())
    return std::string_view(known->second);
  std::string content = TRY(load(name));
  if (read_bytes_ + content.size() > max_bytes) {
    return bad(name + ": with it the files of this configuration have more than " +
               mebibytes(max_bytes) + " together; leave out what no event needs");
  }
  read_bytes_ += content.size();
  return std::string_view(read_.emplace(name, std::move(content)).first->second);
}

Result<std::string> NamedFiles::load(const std::string& name) const {
  if (is_stored_) {
    const auto found = stored_.find(name);
    if (found == stored_.end()) return bad(name + " was not stored with this configuration");
    return found->second;
  }
  const std::filesystem::path path = folder_ / name;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return bad("there is no file " + path.string() +
               "; a relative name begins at the configuration's folder");
  if (!std::filesystem::is_regular_file(status)) return bad(path.string() + " is not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad(path.string() + " cannot be opened: " + std::strerror(errno));
  std::string content(max_file_bytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return bad(path.string() + " cannot be read");
  if (content.size() > max_file_bytes) {
    return bad(path.string() + " has more than " + mebibytes(max_file_bytes) +
               "; leave out rows and columns that no event needs");
  }
  return content;
}

std::vector<EpochFile> NamedFiles::files() const {
  std::vector<EpochFile> files;
  files.reserve(read_.size());
  for (const auto& [name, content] : read_) files.push_back({name, content});
  return files;
}

}  // namespace sluice
