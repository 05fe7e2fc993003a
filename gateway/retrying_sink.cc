#include "gateway/retrying_sink.h"

#include <iterator>
#include <utility>

namespace sluice {

void RetryingSink::submit(const OutgoingBatch& batch) {
  if (!sink_) {
    if (auto made = make_sink(); !made) {
      failed_.push_back({batch.ticket, Delivery::Outcome::retry, made.error().message, {}});
      return;
    }
  }
  sink_->submit(batch);
}

Result<void> RetryingSink::make_sink() {
  auto sink = TRY(make_(clock_));
  const std::scoped_lock lock(mutex_);
  sink_ = std::move(sink);
  // Whoever woke us before must not find the next poll() asleep.
  if (std::exchange(is_woken_, false)) sink_->wake();
  return {};
}

void RetryingSink::poll(Duration timeout, std::vector<Delivery>& done) {
  if (!failed_.empty()) {
    std::move(failed_.begin(), failed_.end(), std::back_inserter(done));
    failed_.clear();
    return;
  }
  if (sink_) {
    sink_->poll(timeout, done);
    return;
  }
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, timeout, [this] { return is_woken_; });
  is_woken_ = false;
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
