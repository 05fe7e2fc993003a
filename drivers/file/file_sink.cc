#include "drivers/file/file_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "config/fields.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

Error failed(std::string_view what, const fs::path& path, int code) {
  return {ErrorKind::try_later,
          std::string(what) + " " + path.string() + ": " + std::strerror(code)};
}

Result<void> sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("cannot open", directory, errno);
  const int code = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (code != 0) return failed("cannot sync", directory, code);
  return {};
}

// "20261123T080000.250Z": sorts as time does, and is a plain file name everywhere.
std::string compact_time(Timestamp time) {
  std::string text =
      format_timestamp(std::chrono::time_point_cast<std::chrono::milliseconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace

void describe(Fields<FileSinkConfig>& fields) {
  using namespace std::chrono_literals;
  const auto check_name = [](const std::string& name) -> Result<void> {
    if (!name.empty() && name.find('/') == std::string::npos) return {};
    return Error{ErrorKind::bad_config, "must be the start of a file name, without '/'"};
  };
  fields
      .required("path", &FileSinkConfig::path, "Directory for the files; made when it is missing.")
      .not_empty()
      .optional("name", &FileSinkConfig::name, "What file names start with.")
      .checked_by(check_name)
      .optional("rotate_size", &FileSinkConfig::rotate_size,
                "A new file begins when this one has reached the size.")
      .at_least(ByteSize::kib(64))
      .optional("rotate_after", &FileSinkConfig::rotate_after, "A new file begins at this age.")
      .at_least(1s)
      .optional("keep_files", &FileSinkConfig::keep_files, "Older files are removed; 0 keeps all.")
      .at_least(0);
}

FileSink::~FileSink() { close_file(); }

void FileSink::close_file() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<void> FileSink::open_file(bool is_compressed) {
  std::error_code failure;
  fs::create_directories(config_.path, failure);
  if (failure) return failed("cannot make", config_.path, failure.value());
  opened_at_ = clock_.wall();
  for (int attempt = 0;; ++attempt) {
    const std::string suffix = attempt == 0 ? "" : "-" + std::to_string(attempt);
    file_ = fs::path(config_.path) / (config_.name + "-" + compact_time(opened_at_) + suffix +
                                      ".ndjson" + (is_compressed ? ".zst" : ""));
    fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd_ >= 0) break;
    if (errno != EEXIST || attempt == 99) return failed("cannot create", file_, errno);
  }
  bytes_ = 0;
  remove_old_files();
  return sync_directory(config_.path);
}

void FileSink::remove_old_files() const {
  if (config_.keep_files <= 0) return;
  std::vector<fs::path> files;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(config_.path, failure)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(config_.name + "-") && name.find(".ndjson") != std::string::npos)
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  while (files.size() > static_cast<std::size_t>(config_.keep_files)) {
    fs::remove(files.front(), failure);
    files.erase(files.begin());
  }
}

Result<void> FileSink::append(const OutgoingBatch& batch) {
  const bool is_due = fd_ >= 0 && (bytes_ >= config_.rotate_size.bytes() ||
                                   clock_.wall() - opened_at_ >= config_.rotate_after);
  if (is_due) close_file();
  if (fd_ < 0) TRY(open_file(batch.content_encoding == "zstd"));
  std::string_view rest = batch.body;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      // Half a batch must not stay: the next attempt would follow a torn frame.
      if (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0 ||
          ::lseek(fd_, static_cast<off_t>(bytes_), SEEK_SET) < 0) {
        close_file();
      }
      return failed("cannot write", file_, code);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(fd_) != 0) {
    const int code = errno;
    close_file();  // the kernel may have dropped what it could not write: start a new file
    return failed("cannot sync", file_, code);
  }
  bytes_ += batch.body.size();
  return {};
}

void FileSink::submit(const OutgoingBatch& batch) {
  Delivery delivery;
  delivery.ticket = batch.ticket;
  if (const auto appended = append(batch)) {
    delivery.outcome = Delivery::Outcome::delivered;
  } else {
    delivery.reason = appended.error().message;
  }
  done_.push_back(std::move(delivery));
}

void FileSink::poll(Duration timeout, std::vector<Delivery>& done) {
  if (done_.empty()) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, timeout, [&] { return is_woken_; });
    is_woken_ = false;
  }
  done.insert(done.end(), std::make_move_iterator(done_.begin()),
              std::make_move_iterator(done_.end()));
  done_.clear();
}

void FileSink::wake() {
  {
    const std::scoped_lock lock(mutex_);
    is_woken_ = true;
  }
  woken_.notify_one();
}

}  // namespace sluice
