// What the buffer commands share: which store, which events.
#pragma once

#include "core/result.h"
#include "gateway/buffer/stored_events.h"
#include "gateway/cli/commands.h"
#include "gateway/open_store.h"

namespace sluice {

// [storage] of the configuration, with --store in its place.
StorageSection storage_of(const BufferOptions& options);
// --sink, --since ... as they were given.
//   bad_input  one of them cannot be read
Result<Selection> selection_of(const BufferOptions& options);

// Says what went wrong, and gives the exit code.
int fail(const Error& error);

// Writes events as lines of CloudEvents; a file that ends in .zst is compressed.
class EventWriter {
 public:
  //   bad_input  the file cannot be written
  static Result<EventWriter> open(const std::string& file);
  EventWriter(EventWriter&& other) noexcept;
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  EventWriter& operator=(EventWriter&&) = delete;
  ~EventWriter();

  Result<void> write(const Event& event);
  Result<void> flush();

 private:
  EventWriter(FILE* file, bool is_compressed) : file_(file), is_compressed_(is_compressed) {}

  FILE* file_;
  bool is_compressed_;
  std::string text_;
  FrameCodec codec_;
};

}  // namespace sluice
