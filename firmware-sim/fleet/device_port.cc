// Device: what the sensor's core sees of the world, and what the account sees of the core.
#include <algorithm>
#include <cmath>

#include "firmware-sim/common/draw.h"
#include "firmware-sim/fleet/device.h"
#include "firmware-sim/fleet/packet.h"

namespace sluice::sim {
namespace {

std::uint64_t number_of(const NodeReading& reading) {
  return std::uint64_t{reading.boot} << 32 | reading.sequence;
}

}  // namespace

std::uint64_t Device::port_clock_ms() const {
  return static_cast<std::uint64_t>(std::floor(now_ms_ * clock_rate_));
}

std::uint32_t Device::random() {
  return static_cast<std::uint32_t>(draw(kind_.seed, "core", link_, ++draws_) * 0x1p32);
}

bool Device::store(NodeStoreAction action, std::uint8_t* bytes, std::size_t size) {
  CHECK(size == saved_.size());
  if (action == node_store_load) {
    std::copy_n(saved_.data(), size, bytes);
    return has_saved_;
  }
  std::copy_n(bytes, size, saved_.data());
  has_saved_ = true;
  return true;
}

NodeSent Device::send(std::span<const std::uint8_t> packet) {
  if (packet.empty()) {
    world_.world.close(link_);
    return node_sent;
  }
  if (const auto payload_at = payload_of(kind_.spec.protocol, packet)) {
    return send_report(packet, *payload_at);
  }
  const NodeSent sent = transmit(packet);
  if (sent == node_sent && is_connect(kind_.spec.protocol, packet)) {
    if (has_connected_) ++world_.tally.counts.reconnects;
    has_connected_ = true;
    is_cut_ = false;
  }
  return sent;
}

NodeSent Device::send_report(std::span<const std::uint8_t> packet, std::size_t payload_at) {
  settle();  // of this turn's answers, before this report's readings are noted
  const FaultsSpec& faults = kind_.spec.faults;
  // By the oldest reading in it, so that a repeat is the same again.
  const std::uint64_t number = number_of(node_ring_at(&node_.ring, 0));
  std::array<std::uint8_t, node_packet_bytes> spoilt{};
  const bool is_malformed = happens(faults.malformed, "malformed", number);
  if (is_malformed) {
    std::ranges::copy(packet, spoilt.begin());
    packet = std::span<const std::uint8_t>(spoilt).first(packet.size());
    spoil(std::span(spoilt).first(packet.size()).subspan(payload_at), kind_.spec.format, number);
  }
  const NodeSent sent = transmit(packet);
  if (sent != node_sent) return sent;
  const bool is_new = note_sent(is_malformed);
  if (is_new && happens(faults.duplicates, "duplicate", number)) send_twice(packet);
  const bool is_over_mqtt = kind_.spec.protocol == Protocol::mqtt;
  if (is_over_mqtt && happens(faults.cut, "cut", ++packets_)) {
    world_.world.close(link_);
    is_cut_ = true;
    ++world_.tally.counts.cuts;
  }
  return node_sent;
}

void Device::send_twice(std::span<const std::uint8_t> packet) {
  NodeSent sent = node_sent_busy;
  if (kind_.spec.protocol == Protocol::coap) {
    sent = transmit(packet);
  } else {
    std::vector<std::uint8_t> second(packet.begin(), packet.end());
    change_packet_id(second);
    sent = world_.world.send(link_, second);
  }
  if (sent == node_sent) ++world_.tally.counts.duplicates;
}

NodeSent Device::transmit(std::span<const std::uint8_t> packet) {
  if (kind_.spec.protocol == Protocol::mqtt) return world_.world.send(link_, packet);
  const FaultsSpec& faults = kind_.spec.faults;
  const std::uint64_t number = ++packets_;
  if (happens(faults.loss, "lost on the way", number)) {
    ++world_.tally.counts.lost_packets;
    return node_sent;
  }
  if (happens(faults.reorder, "held back", number)) {
    const double by = std::chrono::duration<double, std::milli>(faults.reorder_by).count();
    const double due = now_ms_ + by * draw(kind_.seed, "held back by", link_, number);
    late_.push_back({due, {packet.begin(), packet.end()}});
    ++world_.tally.counts.late_packets;
    return node_sent;
  }
  return world_.world.send(link_, packet);
}

void Device::send_late_packets() {
  std::erase_if(late_, [this](const LatePacket& packet) {
    if (packet.due_ms > now_ms_) return false;
    (void)world_.world.send(link_, packet.bytes);
    return true;
  });
}

std::int32_t Device::receive(std::uint8_t* bytes, std::size_t room) {
  if (is_cut_) {
    is_cut_ = false;
    return -1;
  }
  while (true) {
    const std::int32_t size = world_.world.receive(link_, {bytes, room});
    const bool is_datagram = size > 0 && kind_.spec.protocol == Protocol::coap;
    if (!is_datagram || !happens(kind_.spec.faults.loss, "lost on the way back", ++packets_)) {
      return size;
    }
    ++world_.tally.counts.lost_packets;
  }
}

// --- the account ---

Expect Device::expectation(const NodeReading& reading) const {
  for (std::size_t i = 0; i < kind_.signals.size(); ++i) {
    if (Signal::is_filtered(*kind_.signals[i], reading.values[i] / 1000.0)) return Expect::filtered;
  }
  return Expect::deliver;
}

// Gives whether there is a reading in the report that was never on the wire before.
bool Device::note_sent(bool is_malformed) {
  const auto before = static_cast<std::uint32_t>(on_the_wire_.size());
  for (std::uint32_t i = before; i < node_.report.readings; ++i) {
    const NodeReading reading = node_ring_at(&node_.ring, i);
    const Expect expect = is_malformed ? Expect::reject : expectation(reading);
    on_the_wire_.push_back({reading.boot, reading.sequence, world_.world.wall_ms(), expect});
    ++world_.tally.counts.sent;
    if (is_malformed) ++world_.tally.counts.malformed;
  }
  return on_the_wire_.size() > before;
}

// What was on the wire and has left the ring: acknowledged, or dropped because it never fits.
void Device::settle() {
  std::size_t gone = node_.counters.acknowledged - counted_.acknowledged;
  counted_.acknowledged = node_.counters.acknowledged;
  const std::int64_t now_ms = gone > 0 ? world_.world.wall_ms() : 0;
  for (std::size_t i = 0; i < gone; ++i) {
    world_.tally.acknowledged(kind_.spec.protocol, name_, on_the_wire_[i], now_ms);
  }
  if (node_.ring.dropped != dropped_counted_ && gone < on_the_wire_.size() &&
      !is_oldest(on_the_wire_[gone])) {
    world_.tally.unacknowledged(kind_.spec.protocol, name_, on_the_wire_[gone++]);
    ++world_.tally.counts.refused;
    ++dropped_counted_;
  }
  on_the_wire_.erase(on_the_wire_.begin(),
                     on_the_wire_.begin() + static_cast<std::ptrdiff_t>(gone));
}

bool Device::is_oldest(const SentReading& reading) const {
  if (node_.ring.count == 0) return false;
  const NodeReading oldest = node_ring_at(&node_.ring, 0);
  return oldest.boot == reading.boot && oldest.sequence == reading.seq;
}

// What the core has counted since the last time.
void Device::count_core() {
  Counts& counts = world_.tally.counts;
  counts.suppressed += node_.counters.suppressed - counted_.suppressed;
  counts.resent += node_.counters.repeats - counted_.repeats;
  counts.skipped += node_.ring.dropped - dropped_counted_;
  counted_ = node_.counters;
  dropped_counted_ = node_.ring.dropped;
}

}  // namespace sluice::sim
