// StatusBoard: a source's status, written by its thread and read by any.
#pragma once

#include <mutex>
#include <string_view>

#include "drivers/source.h"

namespace sluice::mqtt {

class StatusBoard {
 public:
  template <typename Change>
  void update(Change change) {
    const std::scoped_lock lock(mutex_);
    change(status_);
  }
  void set_error(std::string_view error, Timestamp now) {
    update([&](SourceStatus& status) {
      status.last_error = error;
      status.last_error_time = now;
    });
  }
  SourceStatus read() const {
    const std::scoped_lock lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  SourceStatus status_;  // guarded by mutex_
};

}  // namespace sluice::mqtt
