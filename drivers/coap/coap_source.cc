#include "drivers/coap/coap_source.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/log.h"
#include "drivers/coap/coap_server.h"

namespace sluice {
namespace {

constexpr Duration retry_open_after = std::chrono::seconds(2);

}  // namespace

// The thread, and all that crosses between it and the engine's.
class CoapSource::Worker {
 public:
  Worker(CoapSourceConfig config, SourceContext context)
      : config_(std::move(config)), context_(std::move(context)) {}

  ~Worker() {
    is_stopping_ = true;
    if (thread_.joinable()) {
      wake();
      thread_.join();
    }
    if (wake_fd_ >= 0) close(wake_fd_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Result<void> start() {
    const auto errors = validate(config_);
    if (!errors.empty()) {
      return Error{ErrorKind::bad_config, context_.name + ": " + errors.front().message};
    }
    wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_fd_ < 0) return Error{ErrorKind::try_later, "CoAP: no file descriptor is left"};
    thread_ = std::thread([this] { run(); });
    return {};
  }

  void settle(Receipt receipt, Outcome outcome) {
    {
      const std::lock_guard lock(mutex_);
      if (!settled_.empty() && settled_.back().outcome == outcome) {
        settled_.back().receipt = receipt;
      } else {
        settled_.push_back({receipt, outcome});
      }
    }
    wake();
  }

  void set_taking(bool is_taking) { is_taking_ = is_taking; }
  void stop_intake() { has_stopped_intake_ = true; }

  SourceStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  struct Settlement {
    Receipt receipt;
    Outcome outcome;
  };

  void run() {
    CoapServer server(config_, context_);
    Duration open_again_at{};
    bool is_open = false;
    while (!is_stopping_) {
      const Duration now = context_.clock.monotonic();
      if (!is_open && now >= open_again_at) {
        is_open = try_open(server, now);
        open_again_at = now + retry_open_after;
      }
      std::optional<Duration> patience = server.run_timers();
      if (!is_open) patience = std::min(patience.value_or(Duration::max()), open_again_at - now);
      wait(server.fd(), patience);
      for (const Settlement& settlement : take_settled()) {
        server.settle(settlement.receipt, settlement.outcome);
      }
      server.process(is_taking_ && !has_stopped_intake_);
      publish(server);
    }
    // What was settled last is answered before the door closes.
    for (const Settlement& settlement : take_settled()) {
      server.settle(settlement.receipt, settlement.outcome);
    }
  }

  bool try_open(CoapServer& server, Duration now) {
    const auto opened = server.open();
    const std::lock_guard lock(mutex_);
    status_.is_running = opened.is_ok();
    status_.address = server.addresses();
    if (opened) {
      status_.last_error.clear();
      return true;
    }
    status_.last_error = opened.error().message;
    status_.last_error_time = context_.clock.wall();
    open_error_.report(now.count(), LogLevel::error, "Cannot listen for CoAP; trying again",
                       {{"source", context_.name}, {"reason", opened.error().message}});
    return false;
  }

  void wait(int coap_fd, std::optional<Duration> patience) {
    int timeout_ms = -1;
    if (patience) {
      // Rounded up, so that a timer is due when it is looked at.
      timeout_ms = static_cast<int>(
          std::chrono::ceil<std::chrono::milliseconds>(std::max(*patience, Duration::zero()))
              .count());
    }
    std::array<pollfd, 2> wanted{{{coap_fd, POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
    (void)poll(wanted.data(), wanted.size(), timeout_ms);
    if (wanted[1].revents != 0) {
      eventfd_t calls = 0;
      (void)eventfd_read(wake_fd_, &calls);
    }
  }

  void wake() const { (void)eventfd_write(wake_fd_, 1); }

  std::vector<Settlement> take_settled() {
    const std::lock_guard lock(mutex_);
    return std::exchange(settled_, {});
  }

  void publish(const CoapServer& server) {
    const std::lock_guard lock(mutex_);
    status_.connections = server.peers();
    status_.refused = server.refused();
  }

  // Constant after start().
  const CoapSourceConfig config_;
  const SourceContext context_;
  int wake_fd_ = -1;
  std::thread thread_;

  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_taking_{true};
  std::atomic<bool> has_stopped_intake_{false};

  mutable std::mutex mutex_;
  std::vector<Settlement> settled_;  // guarded by mutex_
  SourceStatus status_;              // guarded by mutex_

  RepeatedError open_error_;  // the CoAP thread only
};

CoapSource::CoapSource(CoapSourceConfig config, SourceContext context)
    : worker_(std::make_unique<Worker>(std::move(config), std::move(context))) {}
CoapSource::~CoapSource() = default;

Result<void> CoapSource::start(const SavedState& /*saved*/) { return worker_->start(); }
void CoapSource::settle(Receipt receipt, Outcome outcome) { worker_->settle(receipt, outcome); }
void CoapSource::resume() { worker_->set_taking(true); }
void CoapSource::pause() { worker_->set_taking(false); }
void CoapSource::stop_intake() { worker_->stop_intake(); }
SourceStatus CoapSource::status() const { return worker_->status(); }

}  // namespace sluice
