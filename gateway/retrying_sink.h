// RetryingSink: a sink that is made when it is first needed, and again after it could not be made
// (a name that does not resolve yet, a certificate that is not there yet).
//
//   submit --> make --> [ sink ] --> all calls go there
//                '-- cannot --> retry, by the next poll()
//
// Only the shipper's thread makes the sink, so it reads sink_ without the mutex.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "drivers/sink.h"
#include "gateway/configuration.h"

namespace sluice {

class RetryingSink final : public Sink {
 public:
  // `clock` outlives the sink.
  RetryingSink(MakeSink make, const Clock& clock) : make_(std::move(make)), clock_(clock) {}

  // One, until the sink is there to say how many.
  std::size_t max_in_flight() const override { return sink_ ? sink_->max_in_flight() : 1; }
  void submit(const OutgoingBatch& batch) override;
  void poll(Duration timeout, std::vector<Delivery>& done) override;
  void wake() override;

 private:
  Result<void> make_sink();

  const MakeSink make_;
  const Clock& clock_;
  std::vector<Delivery> failed_;  // shipper's thread only; for the next poll()

  std::mutex mutex_;
  std::condition_variable woken_;
  std::unique_ptr<Sink> sink_;  // set once, by the shipper's thread, under mutex_
  bool is_woken_ = false;       // guarded by mutex_; wake() was called while there was no sink
};

}  // namespace sluice
