// RetryingSink: a sink that is made when it is first needed, and again after it could not be made
// (a name that does not resolve yet, a certificate that is not there yet).
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "drivers/sink.h"
#include "gateway/configuration.h"

namespace sluice {

class RetryingSink final : public Sink {
 public:
  RetryingSink(MakeSink make, const Clock& clock) : make_(std::move(make)), clock_(clock) {}

  std::size_t max_in_flight() const override { return sink_ ? sink_->max_in_flight() : 1; }
  void submit(const OutgoingBatch& batch) override;
  void poll(Duration timeout, std::vector<Delivery>& done) override;
  void wake() override;

 private:
  const MakeSink make_;
  const Clock& clock_;
  std::vector<Delivery> failed_;  // shipper's thread only

  std::mutex mutex_;
  std::condition_variable woken_;
  std::unique_ptr<Sink> sink_;  // set once, under mutex_
  bool is_woken_ = false;       // guarded by mutex_
};

}  // namespace sluice
