#include "packaging/flash/disk.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "packaging/provisioning/files.h"

namespace sluice {
namespace {

constexpr std::size_t direct_alignment = 4096;  // of memory, offset and length for O_DIRECT
constexpr std::size_t bounce_bytes = std::size_t{1} << 20;

struct FreeAligned {
  void operator()(char* memory) const { std::free(memory); }
};
using AlignedBuffer = std::unique_ptr<char, FreeAligned>;

class PosixDisk : public Disk {
 public:
  PosixDisk(std::string path, int fd, bool is_device)
      : path_(std::move(path)),
        fd_(fd),
        is_device_(is_device),
        bounce_(static_cast<char*>(std::aligned_alloc(direct_alignment, bounce_bytes))) {
    CHECK(bounce_ != nullptr);
  }
  ~PosixDisk() override;
  PosixDisk(const PosixDisk&) = delete;
  PosixDisk& operator=(const PosixDisk&) = delete;

  Result<void> write(std::uint64_t offset, std::span<const char> bytes) override;
  Result<void> sync() override;
  Result<void> read(std::uint64_t offset, std::span<char> into) override;

 private:
  Error failed(const std::string& what, std::uint64_t offset) const;
  Result<void> read_block(std::uint64_t offset, std::size_t wanted);

  const std::string path_;
  const int fd_;
  const bool is_device_;
  int direct_fd_ = -1;        // opened by sync(); -1: not possible here, then the cache is dropped
  std::uint64_t behind_ = 0;  // the write before ended here: its pages are waited for
  std::uint64_t behind_bytes_ = 0;
  const AlignedBuffer bounce_;
};

PosixDisk::~PosixDisk() {
  if (direct_fd_ >= 0) close(direct_fd_);
  // So that the new partitions appear without taking the card out. It is no fault when they do not.
  if (is_device_) ioctl(fd_, BLKRRPART);
  close(fd_);
}

Error PosixDisk::failed(const std::string& what, std::uint64_t offset) const {
  return system_error(ErrorKind::corrupt,
                      path_ + " cannot be " + what + " at byte " + std::to_string(offset));
}

// The kernel starts to write these pages now and waits for those of the call before: so progress is
// the disk's and not the memory's, and little is left for the last sync.
Result<void> PosixDisk::write(std::uint64_t offset, std::span<const char> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("written", offset + done);
    done += static_cast<std::size_t>(count);
  }
  sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(bytes.size()),
                  SYNC_FILE_RANGE_WRITE);
  if (behind_bytes_ > 0 &&
      sync_file_range(
          fd_, static_cast<off_t>(behind_), static_cast<off_t>(behind_bytes_),
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) != 0) {
    return failed("written", behind_);
  }
  behind_ = offset;
  behind_bytes_ = bytes.size();
  return {};
}

Result<void> PosixDisk::sync() {
  if (fsync(fd_) != 0) return system_error(ErrorKind::corrupt, path_ + " cannot be written");
  if (is_device_) ioctl(fd_, BLKFLSBUF);
  posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
  if (direct_fd_ < 0) direct_fd_ = open(path_.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  return {};
}

Result<void> PosixDisk::read_block(std::uint64_t offset, std::size_t wanted) {
  // O_DIRECT takes whole blocks; a file may end inside the last one.
  const std::size_t whole = (wanted + direct_alignment - 1) / direct_alignment * direct_alignment;
  std::size_t filled = 0;
  while (filled < wanted) {
    const int fd = direct_fd_ >= 0 ? direct_fd_ : fd_;
    const ssize_t count =
        pread(fd, bounce_.get() + filled, whole - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EINVAL && direct_fd_ >= 0) {
      close(direct_fd_);  // this file system does not know O_DIRECT
      direct_fd_ = -1;
      continue;
    }
    if (count < 0) return failed("read back", offset + filled);
    if (count == 0) {
      return Error{ErrorKind::corrupt, path_ + " ends at byte " + std::to_string(offset + filled)};
    }
    filled += static_cast<std::size_t>(count);
  }
  return {};
}

Result<void> PosixDisk::read(std::uint64_t offset, std::span<char> into) {
  while (!into.empty()) {
    const std::size_t wanted = std::min(into.size(), bounce_bytes);
    TRY(read_block(offset, wanted));
    std::memcpy(into.data(), bounce_.get(), wanted);
    into = into.subspan(wanted);
    offset += wanted;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Disk>> open_disk(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return system_error(ErrorKind::try_later, path);
  const bool is_device = S_ISBLK(status.st_mode);
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | (is_device ? O_EXCL : 0));
  if (fd < 0 && errno == EBUSY) {
    return Error{ErrorKind::try_later, path + " is in use by another program"};
  }
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    return Error{ErrorKind::try_later, path + " may only be written by root: use sudo"};
  }
  if (fd < 0) return system_error(ErrorKind::try_later, path);
  return std::unique_ptr<Disk>(std::make_unique<PosixDisk>(path, fd, is_device));
}

}  // namespace sluice
