#include "gateway/shipper.h"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {
constexpr Duration idle_wait = std::chrono::seconds(1);
}

Shipper::Shipper(ShipperConfig config, const Store& store, OutboxBorder& border, const Clock& clock,
                 Metrics& metrics, std::unique_ptr<Sink> sink,
                 const std::map<LaneId, LaneState>& lanes)
    : config_(std::move(config)),
      border_(border),
      clock_(clock),
      sink_(std::move(sink)),
      random_(static_cast<std::minstd_rand::result_type>(clock.monotonic().count() ^
                                                         config_.sink_number)),
      batches_(metrics.counter("sluice_sink_batches_total", "Batches that upstream acknowledged.",
                               {{"sink", config_.sink_name}})),
      retries_(metrics.counter("sluice_sink_retries_total",
                               "Attempts that failed and are made again.",
                               {{"sink", config_.sink_name}})),
      wire_bytes_(metrics.counter("sluice_sink_sent_bytes_total",
                                  "Bytes of acknowledged bodies, compressed.",
                                  {{"sink", config_.sink_name}})) {
  for (const auto& [lane, state] : lanes) {
    if (lane.sink == config_.sink_number) {
      cutters_.emplace(lane,
                       BatchCutter(store, lane, config_.store_id, config_.batch, state.shipped));
    }
  }
}

Shipper::~Shipper() {
  is_stopping_.store(true);
  wake();
  if (thread_.joinable()) thread_.join();
}

void Shipper::start() {
  thread_ = std::thread([this] { run(); });
}

void Shipper::wake() { sink_->wake(); }

ShipperStatus Shipper::status() const {
  const std::scoped_lock lock(status_mutex_);
  return status_;
}

void Shipper::run() {
  while (!is_stopping_.load()) turn(idle_wait);
}

void Shipper::turn(Duration max_wait) {
  submit_due();
  std::vector<Delivery> done;
  sink_->poll(std::min(max_wait, wait_time()), done);
  for (const Delivery& delivery : done) handle(delivery);
}

// How long nothing can become due, but for what wakes us.
Duration Shipper::wait_time() const {
  const Duration now = clock_.monotonic();
  Duration wait = idle_wait;
  if (retry_at_ > now) return std::min(wait, retry_at_ - now);
  for (const auto& [lane, cutter] : cutters_) {
    if (const auto due = cutter.due_at()) wait = std::min(wait, std::max(Duration{0}, *due - now));
  }
  // With all places taken only an answer makes a difference.
  return in_flight_.size() >= sink_->max_in_flight() ? idle_wait : wait;
}

void Shipper::submit_due() {
  if (retry_at_ > clock_.monotonic()) return;
  for (auto& [ticket, waiting] : in_flight_) {
    if (waiting.is_submitted) continue;
    waiting.is_submitted = true;
    sink_->submit(waiting.batch);
  }
  while (in_flight_.size() < sink_->max_in_flight() && failures_ == 0 && cut_next()) {
  }
}

// Cuts and submits one batch; false when none is due.
bool Shipper::cut_next() {
  for (auto& [lane, cutter] : cutters_) {
    auto cut = cutter.cut(border_.next(lane), clock_.monotonic());
    if (!cut) {
      error_log_.report(clock_.monotonic().count(), LogLevel::error, "The outbox cannot be read",
                        {{"sink", config_.sink_name}, {"reason", cut.error().message}});
      return false;
    }
    if (!*cut) continue;
    CutBatch& piece = **cut;
    InFlight flight;
    flight.lane = lane;
    flight.first = piece.first;
    flight.end = piece.end;
    flight.raw_bytes = piece.raw_bytes;
    flight.is_submitted = true;
    OutgoingBatch& batch = flight.batch;
    batch.ticket = next_ticket_++;
    batch.id = config_.store_id + "/" + config_.sink_name + "/" + std::to_string(piece.first) +
               "-" + std::to_string(piece.end - 1);
    batch.events = piece.events;
    batch.body = std::move(piece.body);
    batch.content_type = frame_content_type(config_.batch.frame);
    if (config_.batch.compress) batch.content_encoding = "zstd";
    const auto placed = in_flight_.emplace(batch.ticket, std::move(flight)).first;
    sink_->submit(placed->second.batch);
    return true;
  }
  return false;
}

void Shipper::handle(const Delivery& delivery) {
  const auto found = in_flight_.find(delivery.ticket);
  CHECK(found != in_flight_.end());
  InFlight& flight = found->second;
  if (delivery.outcome == Delivery::Outcome::retry) {
    flight.is_submitted = false;
    fail(delivery);
    return;
  }
  const bool is_rejected = delivery.outcome == Delivery::Outcome::rejected;
  border_.acknowledge({flight.lane, flight.first, flight.end, is_rejected,
                       is_rejected ? delivery.reason : std::string()});
  if (failures_ > 0)
    log_info("Upstream takes batches again",
             {{"sink", config_.sink_name}, {"attempts", failures_}});
  failures_ = 0;
  const std::scoped_lock lock(status_mutex_);
  status_.is_failing = false;
  status_.last_delivery = clock_.wall();
  if (is_rejected) {
    status_.last_error = delivery.reason + " (its events are dead letters)";
    status_.last_error_time = clock_.wall();
    log_error(
        "Upstream refused a batch for good: its events are dead letters",
        {{"sink", config_.sink_name}, {"batch", flight.batch.id}, {"reason", delivery.reason}});
  } else {
    batches_.add();
    wire_bytes_.add(flight.batch.body.size());
    ++status_.batches;
    status_.events += flight.batch.events;
    status_.wire_bytes += flight.batch.body.size();
    status_.raw_bytes += flight.raw_bytes;
  }
  in_flight_.erase(found);
}

// Backs off: exponential with full jitter, or as long as upstream asked for.
void Shipper::fail(const Delivery& delivery) {
  ++failures_;
  retries_.add();
  const double exponent = std::min(20.0, static_cast<double>(failures_) - 1);
  const double ceiling = std::min(
      std::chrono::duration<double>(config_.max_backoff).count(),
      std::chrono::duration<double>(config_.first_backoff).count() * std::pow(2.0, exponent));
  const double share = std::uniform_real_distribution<double>(0.1, 1.0)(random_);
  const auto wait =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(ceiling * share));
  retry_at_ = clock_.monotonic() + std::max(wait, delivery.retry_after);
  error_log_.report(clock_.monotonic().count(), LogLevel::warning,
                    "Upstream does not take batches: they wait in the store",
                    {{"sink", config_.sink_name}, {"reason", delivery.reason}});
  const std::scoped_lock lock(status_mutex_);
  status_.is_failing = true;
  status_.last_error = delivery.reason;
  status_.last_error_time = clock_.wall();
}

}  // namespace sluice
