#include "gateway/shipper.h"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {
constexpr Duration idle_wait = std::chrono::seconds(1);
constexpr Duration unreadable_wait = std::chrono::seconds(1);
}  // namespace

Shipper::Shipper(ShipperConfig config, const Store& store, OutboxBorder& border, const Clock& clock,
                 Metrics& metrics, std::unique_ptr<Sink> sink,
                 const std::map<LaneId, LaneState>& lanes)
    : config_(std::move(config)),
      border_(border),
      clock_(clock),
      random_(static_cast<std::minstd_rand::result_type>(clock.monotonic().count() ^
                                                         config_.sink_number)),
      sink_(std::move(sink)),
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
      lanes_.try_emplace(
          lane, Lane{BatchCutter(store, lane, config_.store_id, config_.batch, state.shipped)});
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
  if (retry_at_ > now) return std::min(idle_wait, retry_at_ - now);
  if (!may_submit()) return idle_wait;  // only an answer makes a difference
  Duration wait = idle_wait;
  for (const auto& [id, lane] : lanes_) {
    const auto due = lane.cutter.due_at();
    if (!due) continue;
    wait = std::min(wait, std::max(Duration{0}, std::max(*due, lane.read_again_at) - now));
  }
  return wait;
}

void Shipper::submit_due() {
  if (retry_at_ > clock_.monotonic()) return;
  while (may_submit() && submit_next()) {
  }
}

bool Shipper::may_submit() const {
  if (submitted_.size() >= sink_->max_in_flight()) return false;
  // Once is enough to ask a failing upstream. Batches of earlier rounds may still be under way: a
  // slow time-out of theirs does not keep us from asking.
  return failures_ == 0 || std::ranges::none_of(submitted_, [&](const auto& entry) {
           return entry.second.round == round_;
         });
}

// Submits one batch; false when none is due.
bool Shipper::submit_next() {
  for (auto& [id, lane] : lanes_) {
    auto batch = next_batch(id, lane);
    if (!batch) continue;
    batch->round = round_;
    const Ticket ticket = batch->outgoing.ticket;
    const auto placed = submitted_.emplace(ticket, std::move(*batch)).first;
    sink_->submit(placed->second.outgoing);
    return true;
  }
  return false;
}

std::optional<Shipper::Batch> Shipper::next_batch(LaneId id, Lane& lane) {
  const auto oldest = given_back_.lower_bound({id, 0});
  if (oldest == given_back_.end() || oldest->first.first != id) return cut(id, lane);
  return std::move(given_back_.extract(oldest).mapped());
}

// Sequences that a policy has emptied need not be sent to be done with.
std::optional<CutBatch> Shipper::cut_events(LaneId id, Lane& lane) {
  const Duration now = clock_.monotonic();
  if (lane.read_again_at > now) return std::nullopt;
  lane.cutter.set_boot_clocks(border_.boot_clocks());
  auto cut = lane.cutter.cut(border_.next(id), now);
  if (!cut) {
    error_log_.report(now.count(), LogLevel::error, "The outbox cannot be read",
                      {{"sink", config_.sink_name}, {"reason", cut.error().message}});
    lane.read_again_at = now + unreadable_wait;
    return std::nullopt;
  }
  if (*cut && (*cut)->events == 0) {
    border_.acknowledge({id, (*cut)->first, (*cut)->end, false, {}, (*cut)->end - (*cut)->first});
    return std::nullopt;
  }
  return std::move(*cut);
}

std::optional<Shipper::Batch> Shipper::cut(LaneId id, Lane& lane) {
  auto cut = cut_events(id, lane);
  if (!cut) return std::nullopt;
  CutBatch& piece = *cut;
  for (std::string& key : piece.damaged_keys) border_.report_damage(std::move(key));
  Batch batch;
  batch.lane = id;
  batch.first = piece.first;
  batch.end = piece.end;
  batch.raw_bytes = piece.raw_bytes;
  OutgoingBatch& outgoing = batch.outgoing;
  outgoing.ticket = next_ticket_++;
  // With the lane in it: each lane counts for itself.
  outgoing.id = config_.store_id + "/" + config_.sink_name + "/" + std::to_string(id.lane) + "/" +
                std::to_string(piece.first) + "-" + std::to_string(piece.end - 1);
  outgoing.events = piece.events;
  outgoing.body = std::move(piece.body);
  outgoing.content_type = frame_content_type(config_.batch.frame);
  if (config_.batch.compress) outgoing.content_encoding = "zstd";
  return batch;
}

void Shipper::handle(const Delivery& delivery) {
  auto answered = submitted_.extract(delivery.ticket);
  CHECK(!answered.empty());
  Batch& batch = answered.mapped();
  if (delivery.outcome != Delivery::Outcome::retry) {
    succeed(batch, delivery);
    return;
  }
  fail(batch, delivery);
  given_back_.emplace(std::pair(batch.lane, delivery.ticket), std::move(batch));
}

// Upstream has given its last word about the batch: taken, or refused for good.
void Shipper::succeed(const Batch& batch, const Delivery& delivery) {
  const bool is_rejected = delivery.outcome == Delivery::Outcome::rejected;
  border_.acknowledge({batch.lane, batch.first, batch.end, is_rejected,
                       is_rejected ? delivery.reason : std::string(),
                       batch.end - batch.first - batch.outgoing.events});
  if (failures_ > 0 && !is_rejected)
    log_info("Upstream takes batches again",
             {{"sink", config_.sink_name}, {"attempts", failures_}});
  failures_ = 0;
  const std::scoped_lock lock(status_mutex_);
  status_.is_failing = false;
  if (is_rejected) {
    status_.last_error = delivery.reason + " (its events are dead letters)";
    status_.last_error_time = clock_.wall();
    error_log_.report(
        clock_.monotonic().count(), LogLevel::error,
        "Upstream refused a batch for good: its events are dead letters",
        {{"sink", config_.sink_name}, {"batch", batch.outgoing.id}, {"reason", delivery.reason}});
  } else {
    status_.last_delivery = clock_.wall();
    batches_.add();
    wire_bytes_.add(batch.outgoing.body.size());
    ++status_.batches;
    status_.events += batch.outgoing.events;
    status_.wire_bytes += batch.outgoing.body.size();
    status_.raw_bytes += batch.raw_bytes;
  }
}

void Shipper::fail(const Batch& batch, const Delivery& delivery) {
  retries_.add();
  const Duration now = clock_.monotonic();
  // Others of its round, sent before we backed off, say nothing new.
  if (batch.round == round_) {
    ++round_;
    ++failures_;
    retry_at_ = std::max(retry_at_, now + back_off());
  }
  retry_at_ = std::max(retry_at_, now + delivery.retry_after);
  error_log_.report(now.count(), LogLevel::warning,
                    "Upstream does not take batches: they wait in the store",
                    {{"sink", config_.sink_name}, {"reason", delivery.reason}});
  const std::scoped_lock lock(status_mutex_);
  status_.is_failing = true;
  status_.last_error = delivery.reason;
  status_.last_error_time = clock_.wall();
}

// Exponential with full jitter.
Duration Shipper::back_off() {
  const double exponent = std::min(20.0, static_cast<double>(failures_) - 1);
  const double ceiling = std::min(
      std::chrono::duration<double>(config_.max_backoff).count(),
      std::chrono::duration<double>(config_.first_backoff).count() * std::pow(2.0, exponent));
  const double share = std::uniform_real_distribution<double>(0.1, 1.0)(random_);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(ceiling * share));
}

}  // namespace sluice
