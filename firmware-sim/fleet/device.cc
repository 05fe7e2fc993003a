#include "firmware-sim/fleet/device.h"

#include <algorithm>
#include <cmath>

#include "firmware-sim/common/draw.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t never_ms = std::uint64_t{1} << 60;  // of a core's clock
constexpr const char* firmware_version = "1.0.0";

NodeFormat node_format(Format format) {
  switch (format) {
    case Format::senml_json:
      return node_senml_json;
    case Format::senml_cbor:
      return node_senml_cbor;
    case Format::json:
      break;
  }
  return node_plain_json;
}

// In [-1, 1).
double either_way(const Kind& kind, const char* purpose, std::uint32_t device) {
  return 2.0 * draw(kind.seed, purpose, device) - 1.0;
}

}  // namespace

Device::Device(const Kind& kind, std::uint32_t number, World::Link link, Surroundings surroundings)
    : kind_(kind),
      link_(link),
      world_(surroundings),
      index_(kind.spec.first_index + number * kind.spec.index_step),
      name_(device_name(kind.name, kind.spec, index_)),
      topic_(device_topic(kind.name, kind.spec, index_)),
      ring_memory_(
          node_ring_bytes(kind.spec.ring, static_cast<std::uint8_t>(kind.channels.size()))),
      sensor_(kind, link),
      switch_on_ms_(surroundings.phases.switch_on_ms(draw(kind.seed, "switch on", link))),
      offline_(episodes_of(kind.spec.faults.offline, kind.seed, "offline", link)),
      brown_out_(episodes_of(kind.spec.faults.brown_out, kind.seed, "brown out", link)) {
  port_.context = this;
  port_.now_ms = [](void* self) { return of(self).port_clock_ms(); };
  port_.send = [](void* self, const std::uint8_t* bytes, std::size_t size) {
    return of(self).send({bytes, size});
  };
  port_.receive = [](void* self, std::uint8_t* bytes, std::size_t room) {
    return of(self).receive(bytes, room);
  };
  port_.random = [](void* self) { return of(self).random(); };
  port_.store = [](void* self, NodeStoreAction action, std::uint8_t* bytes, std::size_t size) {
    return of(self).store(action, bytes, size);
  };

  config_ = {};
  config_.name = name_.c_str();
  config_.path = topic_.c_str();
  config_.version = firmware_version;
  config_.channels = kind.channels.data();
  config_.channel_count = static_cast<std::uint8_t>(kind.channels.size());
  config_.deadbands = kind.deadbands.empty() ? nullptr : kind.deadbands.data();
  config_.batch = static_cast<std::uint8_t>(kind.spec.batch);
  config_.keep_alive_s = static_cast<std::uint16_t>(kind.spec.keep_alive / std::chrono::seconds(1));
  config_.protocol = kind.spec.protocol == Protocol::mqtt ? node_over_mqtt : node_over_coap;
  config_.format = node_format(kind.spec.format);
  // The sensor plans the readings; to the core this is what a command changes.
  config_.interval_ms = static_cast<std::uint32_t>(
      std::clamp<double>(kind.spec.interval_ms(), node_min_interval_ms, node_max_interval_ms));
  config_.max_silence_ms =
      static_cast<std::uint32_t>(kind.spec.max_silence / std::chrono::milliseconds(1));

  const FaultsSpec& faults = kind.spec.faults;
  clock_rate_ = 1.0 + faults.clock_drift_ppm * 1e-6 * either_way(kind, "clock drift", link);
  const double skew = std::chrono::duration<double, std::milli>(faults.clock_skew).count();
  clock_skew_ms_ = std::llround(skew * either_way(kind, "clock skew", link));
  sensor_.set_rate(0, surroundings.phases.phase(0).rate);
}

bool Device::happens(double share, const char* what, std::uint64_t n) const {
  return share > 0 && draw(kind_.seed, what, link_, n) < share;
}

bool Device::has_network() const {
  if (is_draining_) return true;
  const double share = world_.phases.phase(phase_).offline;
  // The same devices throughout a phase, others in the next.
  return !offline_.is_on() && !(share > 0 && draw(kind_.seed, "out", link_, phase_) < share);
}

// --- what happens by itself ---

double Device::next_change_ms() const {
  if (is_draining_) return Episodes::never;
  double next = is_switched_on_ ? Episodes::never : switch_on_ms_;
  if (is_on_) next = std::min({next, sensor_.next_ms(), sensor_.next_flood_ms()});
  next = std::min({next, offline_.next_change_ms(), brown_out_.next_change_ms()});
  if (phase_ + 1 < world_.phases.count()) next = std::min(next, world_.phases.end_ms(phase_));
  return next < world_.phases.end_ms() ? next : Episodes::never;
}

void Device::change(double now_ms) {
  if (phase_ + 1 < world_.phases.count() && now_ms >= world_.phases.end_ms(phase_)) {
    enter_phase(now_ms);
  }
  const bool had_network = has_network();
  (void)offline_.advance(now_ms);
  if (had_network && !has_network()) lose_network();
  (void)brown_out_.advance(now_ms);
  is_switched_on_ = now_ms >= switch_on_ms_;
  change_power(now_ms);
  sensor_.advance_flood(now_ms);
  if (is_on_ && sensor_.next_ms() <= now_ms) take_reading();
}

void Device::enter_phase(double now_ms) {
  const bool had_network = has_network();
  ++phase_;
  sensor_.set_rate(now_ms, world_.phases.phase(phase_).rate);
  if (had_network && !has_network()) lose_network();
}

void Device::lose_network() {
  world_.world.close(link_);
  is_cut_ = is_on_ && node_is_connected(&node_);
  late_.clear();
}

void Device::change_power(double now_ms) {
  const bool is_powered = is_switched_on_ && !brown_out_.is_on();
  if (is_powered == is_on_) return;
  is_on_ = is_powered;
  if (!is_on_) {
    world_.world.close(link_);
    late_.clear();
    return;
  }
  const auto& spec = kind_.spec.faults.brown_out;
  const bool is_wiped =
      spec && is_started_ && !happens(spec->keeps_ring, "keeps ring", brown_out_.number());
  if (is_wiped) lose_ring();
  boot(now_ms, !is_wiped);
  sensor_.wake(now_ms);
}

void Device::lose_ring() {
  world_.tally.counts.wiped += node_.ring.count - on_the_wire_.size();
  for (const SentReading& reading : on_the_wire_) {
    world_.tally.unacknowledged(kind_.spec.protocol, name_, reading);
  }
  on_the_wire_.clear();
  std::ranges::fill(ring_memory_, std::uint8_t{0});
}

void Device::boot(double now_ms, bool is_ring_kept) {
  now_ms_ = now_ms;
  if (is_started_) {
    ++world_.tally.counts.reboots;
    settle();
    count_core();
  }
  if (!has_saved_) {
    // As if it had booted before: identities of another run are not given again.
    NodeSaved saved{};
    saved.boot = kind_.first_boot - 1;
    (void)node_saved_save(&port_, &saved);
  }
  const NodeStarted started =
      node_start(&node_, &config_, &port_, ring_memory_.data(), ring_memory_.size());
  CHECK(started == node_started);  // load_fleet() has seen to it
  is_started_ = true;
  is_cut_ = false;
  has_connected_ = false;
  counted_ = {};
  dropped_counted_ = is_ring_kept ? dropped_counted_ : 0;
  node_set_time(&node_,
                static_cast<std::uint64_t>(kind_.unix_0_ms + clock_skew_ms_) + port_clock_ms());
  node_plan_reading(&node_, never_ms);
}

void Device::take_reading() {
  // The reading is stamped with the instant when it was due.
  const Sensor::Values values = sensor_.measure();
  ++world_.tally.counts.measured;
  node_take(&node_, values.data());
  node_plan_reading(&node_, never_ms);
}

// A command from the gateway may have changed it.
void Device::adopt_interval() {
  if (node_.counters.commands == counted_.commands) return;
  const std::uint32_t interval = node_interval_ms(&node_);
  sensor_.set_interval(now_ms_,
                       interval == config_.interval_ms ? kind_.spec.interval_ms() : interval);
  node_plan_reading(&node_, never_ms);
}

double Device::run(double now_ms) {
  for (double next = next_change_ms(); next <= now_ms; next = next_change_ms()) {
    // A change that came while it was off is late; a clock does not go back.
    now_ms_ = std::max(now_ms_, next);
    change(now_ms_);
  }
  now_ms_ = now_ms;
  if (!is_on_ || !has_network()) {
    world_.world.close(link_);  // what has come meets nobody
    if (is_started_) count_core();
    return next_change_ms();
  }
  send_late_packets();
  const NodeVerdict verdict = node_poll(&node_);
  settle();
  adopt_interval();
  count_core();
  if (verdict == node_restarts) {
    world_.world.close(link_);
    boot(now_ms, true);
  }
  double next = next_change_ms();
  const std::uint64_t wake_ms = node_wake_ms(&node_);
  if (wake_ms < never_ms) {
    // A thousandth more, so that the core's whole milliseconds have passed by then.
    next = std::min(next, static_cast<double>(wake_ms) / clock_rate_ + 0.001);
  }
  for (const LatePacket& packet : late_) next = std::min(next, packet.due_ms);
  // The core finds out about a connection only when it looks.
  return is_cut_ && node_is_connected(&node_) ? std::min(next, now_ms + 1) : next;
}

void Device::drain() {
  is_draining_ = true;
  if (is_on_ || !is_started_) return;
  is_on_ = true;
  boot(now_ms_, true);
}

void Device::finish() {
  for (const SentReading& reading : on_the_wire_) {
    world_.tally.unacknowledged(kind_.spec.protocol, name_, reading);
  }
  on_the_wire_.clear();
  world_.world.close(link_);
}

}  // namespace sluice::sim
