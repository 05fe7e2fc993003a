#include "packaging/flash/image_reader.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "packaging/provisioning/files.h"

namespace sluice {
namespace {

// File: a descriptor that is closed at the end.
class File {
 public:
  explicit File(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(File&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }

  Result<std::size_t> read(std::span<char> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const ssize_t count = ::read(fd_, into.data() + filled, into.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error(ErrorKind::bad_input, path_);
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    return filled;
  }
  Result<void> seek(off_t offset, int from) {
    if (lseek(fd_, offset, from) < 0) return system_error(ErrorKind::bad_input, path_);
    return {};
  }

 private:
  std::string path_;
  int fd_;
};

class PlainImage : public ImageReader {
 public:
  explicit PlainImage(File file) : file_(std::move(file)) {}

  Result<std::size_t> read(std::span<char> into) override { return file_.read(into); }
  Result<void> skip(std::uint64_t bytes) override {
    return file_.seek(static_cast<off_t>(bytes), SEEK_CUR);
  }

 private:
  File file_;
};

class ZstdImage : public ImageReader {
 public:
  explicit ZstdImage(File file)
      : file_(std::move(file)), context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    CHECK(context_ != nullptr);
  }

  Result<std::size_t> read(std::span<char> into) override;
  Result<void> skip(std::uint64_t bytes) override;

 private:
  File file_;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  std::vector<char> packed_ = std::vector<char>(ZSTD_DStreamInSize());
  ZSTD_inBuffer input_{packed_.data(), 0, 0};
  bool is_between_frames_ = true;
};

Result<std::size_t> ZstdImage::read(std::span<char> into) {
  ZSTD_outBuffer output{into.data(), into.size(), 0};
  while (output.pos < output.size) {
    const std::size_t before = output.pos;
    if (input_.pos == input_.size) input_ = {packed_.data(), TRY(file_.read(packed_)), 0};
    const bool is_at_end = input_.size == 0;
    if (is_at_end && is_between_frames_) break;
    const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input_);
    if (ZSTD_isError(result) != 0) {
      return Error{ErrorKind::bad_input,
                   file_.path() + " is damaged: " + ZSTD_getErrorName(result)};
    }
    is_between_frames_ = result == 0;
    // Without new input the decoder still gives what it held back.
    if (is_at_end && output.pos == before) {
      return Error{ErrorKind::bad_input, file_.path() + " ends in the middle: it was cut short"};
    }
  }
  return output.pos;
}

Result<void> ZstdImage::skip(std::uint64_t bytes) {
  std::vector<char> ignored(std::size_t{1} << 17);
  while (bytes > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(bytes, ignored.size());
    const std::size_t count = TRY(read({ignored.data(), wanted}));
    if (count < wanted) return {};  // the next read() finds the end
    bytes -= count;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ImageReader>> ImageReader::open(const std::string& path) {
  File file(path);
  if (!file.is_open()) return system_error(ErrorKind::bad_input, path);
  std::array<char, 4> magic{};
  const std::size_t count = TRY(file.read(magic));
  TRY(file.seek(0, SEEK_SET));
  // RFC 8878 section 3.1.1
  const std::array<char, 4> zstd{'\x28', '\xB5', '\x2F', '\xFD'};
  if (count == magic.size() && magic == zstd) {
    return std::unique_ptr<ImageReader>(std::make_unique<ZstdImage>(std::move(file)));
  }
  return std::unique_ptr<ImageReader>(std::make_unique<PlainImage>(std::move(file)));
}

}  // namespace sluice
