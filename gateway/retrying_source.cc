#include "gateway/retrying_source.h"

#include <algorithm>
#include <utility>

#include "core/log.h"

namespace sluice {

RetryingSource::~RetryingSource() {
  stop_intake();
  if (thread_.joinable()) thread_.join();
}

Result<void> RetryingSource::start(const SavedState& saved) {
  saved_ = saved;
  next_wait_ = waits_.first;
  if (!try_to_start()) thread_ = std::thread([this] { retry(); });
  return {};
}

bool RetryingSource::try_to_start() {
  // May take long (a name to look up), so nobody is kept waiting for it.
  auto made = make_(context_);
  if (!made) {
    failed(made.error());
    return false;
  }
  std::unique_ptr<Source> source = std::move(*made);
  Error why{ErrorKind::try_later, {}};
  {
    const std::scoped_lock lock(mutex_);
    if (is_stopped_) return true;
    // Under the lock: a source that runs may have a message committed and settled at once, and that
    // must find it here.
    const auto started = source->start(saved_);
    if (started) {
      source_ = std::move(source);
      if (is_paused_) source_->pause();
      saved_ = {};
    } else {
      why = started.error();
    }
  }
  if (source != nullptr) {
    failed(why);
    return false;
  }
  if (failures_ > 0) {
    log_info("A source that could not start has started",
             {{"source", context_.name}, {"attempts", failures_ + 1}});
  }
  return true;
}

void RetryingSource::failed(const Error& error) {
  ++failures_;
  if (logged_reason_ != error.message) {
    logged_reason_ = error.message;
    log_error("A source cannot start: it is tried again, the others go on",
              {{"source", context_.name},
               {"reason", error.message},
               {"again_in", format_duration(next_wait_)}});
  }
  const std::scoped_lock lock(mutex_);
  status_.last_error = error.message;
  status_.last_error_time = context_.clock.wall();
}

void RetryingSource::retry() {
  do {
    std::unique_lock lock(mutex_);
    if (stopped_.wait_for(lock, next_wait_, [this] { return is_stopped_; })) return;
    next_wait_ = std::min(2 * next_wait_, waits_.longest);
  } while (!try_to_start());
}

void RetryingSource::settle(Receipt receipt, Outcome outcome) {
  const std::scoped_lock lock(mutex_);
  if (source_) source_->settle(receipt, outcome);
}

void RetryingSource::resume() {
  const std::scoped_lock lock(mutex_);
  is_paused_ = false;
  if (source_) source_->resume();
}

void RetryingSource::pause() {
  const std::scoped_lock lock(mutex_);
  is_paused_ = true;
  if (source_) source_->pause();
}

void RetryingSource::stop_intake() {
  const std::scoped_lock lock(mutex_);
  is_stopped_ = true;
  stopped_.notify_all();
  if (source_) source_->stop_intake();
}

SourceStatus RetryingSource::status() const {
  const std::scoped_lock lock(mutex_);
  return source_ ? source_->status() : status_;
}

}  // namespace sluice
