// FileSink: appends batches to rotating files, for a box without an upstream or as a second copy.
//
//   DIR/<name>-<start time>.ndjson.zst   zstd frames one after the other: `zstdcat` reads the file
//
// A batch is delivered once it is written and fsync-ed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/units.h"
#include "core/clock.h"
#include "core/result.h"
#include "drivers/sink.h"

namespace sluice {

template <typename T>
class Fields;

struct FileSinkConfig {
  std::string path;                          // directory
  std::string name = "events";               // file names start with it
  ByteSize rotate_size = ByteSize::mib(64);  // a new file begins beyond this size
  Duration rotate_after = std::chrono::hours(24);
  std::int64_t keep_files = 0;  // older ones are removed; 0: all are kept
};
void describe(Fields<FileSinkConfig>& fields);

class FileSink final : public Sink {
 public:
  // `clock` outlives the sink. The directory is made when the first batch comes: what cannot be
  // written then is retried, so a full or missing disk never stops the gateway.
  FileSink(FileSinkConfig config, const Clock& clock) : config_(std::move(config)), clock_(clock) {}
  ~FileSink() override;

  void submit(const OutgoingBatch& batch) override;
  void poll(Duration timeout, std::vector<Delivery>& done) override;
  void wake() override;

 private:
  Result<void> append(const OutgoingBatch& batch);
  Result<void> open_file(bool is_compressed);
  void close_file();
  void remove_old_files() const;

  const FileSinkConfig config_;
  const Clock& clock_;

  // Shipper's thread only.
  std::vector<Delivery> done_;
  int fd_ = -1;
  std::filesystem::path file_;
  std::uint64_t bytes_ = 0;
  Timestamp opened_at_{};

  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;  // guarded by mutex_
};

}  // namespace sluice
