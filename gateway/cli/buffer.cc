#include "gateway/cli/buffer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "drivers/codecs/cloudevents.h"
#include "gateway/cli/moment.h"
#include "gateway/cli/print.h"

namespace sluice {
namespace {

constexpr std::size_t write_bytes = 256 * 1024;

}  // namespace

StorageSection storage_of(const BufferOptions& options) {
  StorageSection storage = read_box_sections(options.tool.configuration_file).storage;
  if (!options.store.empty()) storage.path = options.store;
  return storage;
}

Result<Selection> selection_of(const BufferOptions& options) {
  Selection selection;
  if (options.is_journal && !options.sink.empty())
    return Error{ErrorKind::bad_input, "--journal and --sink exclude each other"};
  selection.sink = options.sink;
  if (!options.since.empty()) selection.since = TRY(read_moment(options.since));
  if (!options.until.empty()) selection.until = TRY(read_moment(options.until));
  if (options.limit > 0) selection.limit = options.limit;
  if (!options.filter.empty()) {
    auto compiled = Expression::compile(options.filter);
    if (const auto* errors = std::get_if<std::vector<ExpressionError>>(&compiled))
      return Error{ErrorKind::bad_input, "--filter: " + errors->front().message};
    selection.filter = std::move(std::get<Expression>(compiled));
  }
  return selection;
}

int fail(const Error& error) {
  print(stderr, "sluice: " + error.message + "\n");
  switch (error.kind) {
    case ErrorKind::bad_config:
      return exit_bad_configuration;
    case ErrorKind::bad_input:
      return exit_usage;
    default:
      return exit_failed;
  }
}

Result<EventWriter> EventWriter::open(const std::string& file) {
  FILE* out = file == "-" ? stdout : std::fopen(file.c_str(), "wbx");
  if (out == nullptr) {
    return Error{ErrorKind::bad_input, "cannot write " + file + ": " + std::strerror(errno) +
                                           (errno == EEXIST ? "; name a new file" : "")};
  }
  return EventWriter(out, file.ends_with(".zst"));
}

EventWriter::EventWriter(EventWriter&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)),
      is_compressed_(other.is_compressed_),
      text_(std::move(other.text_)),
      codec_(std::move(other.codec_)) {}

EventWriter::~EventWriter() {
  if (file_ == nullptr) return;
  (void)flush().is_ok();
  if (file_ != stdout) std::fclose(file_);
}

Result<void> EventWriter::write(const Event& event) {
  append_framed(text_, Frame::ndjson, event);
  return text_.size() >= write_bytes ? flush() : Result<void>();
}

Result<void> EventWriter::flush() {
  if (text_.empty()) return {};
  // Frames of zstd that follow each other are one file.
  const std::string bytes = is_compressed_ ? codec_.compress(text_) : std::exchange(text_, {});
  text_.clear();
  const bool is_good =
      std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() && std::fflush(file_) == 0;
  if (!is_good)
    return Error{ErrorKind::try_later, std::string("cannot write: ") + std::strerror(errno)};
  return {};
}

}  // namespace sluice
