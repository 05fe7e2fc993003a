#include "gateway/retrying_sink.h"

namespace sluice {

void RetryingSink::submit(const OutgoingBatch& batch) {
  if (!sink_) {
    auto made = make_(clock_);
    if (!made) {
      failed_.push_back({batch.ticket, Delivery::Outcome::retry, made.error().message, {}});
      return;
    }
    const std::scoped_lock lock(mutex_);
    sink_ = std::move(*made);
  }
  sink_->submit(batch);
}

void RetryingSink::poll(Duration timeout, std::vector<Delivery>& done) {
  if (sink_ && failed_.empty()) {
    sink_->poll(timeout, done);
    return;
  }
  if (failed_.empty()) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, timeout, [&] { return is_woken_; });
    is_woken_ = false;
  }
  done.insert(done.end(), failed_.begin(), failed_.end());
  failed_.clear();
}

void RetryingSink::wake() {
  const std::scoped_lock lock(mutex_);
  if (sink_) {
    sink_->wake();
    return;
  }
  is_woken_ = true;
  woken_.notify_one();
}

}  // namespace sluice
