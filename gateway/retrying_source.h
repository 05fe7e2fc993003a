// RetryingSource: a source that is made again after it could not be made or started (a certificate
// that is not there yet, an interface that comes up late), until it works.
//
//   start --> make, start --> [ source ] --> all calls go there
//                '-- cannot --> wait 1 s, 2 s ... 60 s on a thread of its own, and again
//
// The engine is attached to it from the beginning; what it says meanwhile (pause, stop) is handed
// on once the source is there.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "drivers/source.h"
#include "gateway/configuration.h"

namespace sluice {

// How long to wait after a failure: doubled from the first to the longest.
struct RetryWaits {
  Duration first = std::chrono::seconds(1);
  Duration longest = std::chrono::seconds(60);
};

class RetryingSource final : public Source {
 public:
  RetryingSource(MakeSource make, SourceContext context, RetryWaits waits = {})
      : make_(std::move(make)), context_(std::move(context)), waits_(waits) {}
  ~RetryingSource() override;

  // Tries once before it returns. Always succeeds: why it does not work yet is logged and in
  // status().
  Result<void> start(const SavedState& saved) override;
  void settle(Receipt receipt, Outcome outcome) override;
  void resume() override;
  void pause() override;
  void stop_intake() override;
  SourceStatus status() const override;

 private:
  bool try_to_start();  // true: there is nothing left to do
  void failed(const Error& error);
  void retry();

  // Constant after start().
  const MakeSource make_;
  const SourceContext context_;
  const RetryWaits waits_;
  SavedState saved_;  // let go by the one who started the source

  Duration next_wait_{};        // who tries only
  std::string logged_reason_;   // the same
  std::uint32_t failures_ = 0;  // the same

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  // Guarded by mutex_.
  std::unique_ptr<Source> source_;  // set once
  SourceStatus status_;             // until then
  bool is_paused_ = false;
  bool is_stopped_ = false;  // no source is to be started any more

  std::thread thread_;  // only after a failure
};

}  // namespace sluice
