// Device: one virtual sensor: the firmware's core (node/) with its ring, in a world where things go
// wrong, and the account of what it has on the wire.
//
//   Sensor --values--> Node (ring, CoAP or MQTT) --port--> faults --> World --> gateway
//                        '-- what has left the ring: Tally
//
// All that happens to it by itself (readings, power, network) happens at its own instant, in order,
// however late the fleet gets to it; so readings and their time stamps are a function of the seed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "firmware-sim/fleet/faults.h"
#include "firmware-sim/fleet/kind.h"
#include "firmware-sim/fleet/phases.h"
#include "firmware-sim/fleet/sensor.h"
#include "firmware-sim/fleet/tally.h"
#include "firmware-sim/fleet/world.h"

namespace sluice::sim {

class Device {
 public:
  // What all devices of a fleet share; lent.
  struct Surroundings {
    World& world;
    Tally& tally;
    const Phases& phases;
  };

  // The `number`-th of its kind; `link` is its place in the fleet.
  Device(const Kind& kind, std::uint32_t number, World::Link link, Surroundings surroundings);
  Device(const Device&) = delete;  // the core's port points here
  Device& operator=(const Device&) = delete;

  // Lets everything happen that is due. Gives the fleet time when it is needed next though nothing
  // arrives.
  double run(double now_ms);
  // The run's end: no more readings, and power and network are there, so that the ring empties.
  void drain();
  // What is still in the ring is not acknowledged.
  void finish();

  bool is_on() const { return is_on_; }
  bool has_network() const;
  std::uint32_t waiting() const { return is_started_ ? node_.ring.count : 0; }

 private:
  // --- what happens by itself ---
  double next_change_ms() const;
  void change(double now_ms);
  void change_power(double now_ms);
  void lose_network();
  void enter_phase(double now_ms);
  void take_reading();
  void boot(double now_ms, bool is_ring_kept);
  void lose_ring();
  void adopt_interval();

  // --- the core's port ---
  static Device& of(void* context) { return *static_cast<Device*>(context); }
  std::uint64_t port_clock_ms() const;
  NodeSent send(std::span<const std::uint8_t> packet);
  NodeSent send_report(std::span<const std::uint8_t> packet, std::size_t payload_at);
  NodeSent transmit(std::span<const std::uint8_t> packet);
  void send_twice(std::span<const std::uint8_t> packet);
  std::int32_t receive(std::uint8_t* bytes, std::size_t room);
  std::uint32_t random();
  bool store(NodeStoreAction action, std::uint8_t* bytes, std::size_t size);
  void send_late_packets();

  // --- the account ---
  bool note_sent(bool is_malformed);
  Expect expectation(const NodeReading& reading) const;
  void settle();
  bool is_oldest(const SentReading& reading) const;
  void count_core();

  bool happens(double share, const char* what, std::uint64_t n) const;

  struct LatePacket {
    double due_ms;
    std::vector<std::uint8_t> bytes;
  };

  // Constant after construction.
  const Kind& kind_;
  World::Link link_;
  Surroundings world_;
  std::uint32_t index_;
  std::string name_;
  std::string topic_;
  NodePort port_;
  NodeConfig config_;
  double clock_rate_;
  std::int64_t clock_skew_ms_;

  ::Node node_{};
  std::vector<std::uint8_t> ring_memory_;
  std::array<std::uint8_t, node_saved_bytes> saved_{};
  bool has_saved_ = false;
  Sensor sensor_;

  double now_ms_ = 0;
  double switch_on_ms_;
  Episodes offline_;
  Episodes brown_out_;
  std::size_t phase_ = 0;
  bool is_draining_ = false;
  bool is_switched_on_ = false;
  bool is_on_ = false;       // it has power
  bool is_started_ = false;  // it has booted once
  bool is_cut_ = false;      // the connection has ended, and the core does not know yet
  std::uint64_t draws_ = 0;
  std::uint64_t packets_ = 0;
  std::vector<LatePacket> late_;

  std::vector<SentReading> on_the_wire_;  // unacknowledged, oldest first
  NodeCounters counted_{};                // of the core's counters, what the tally has
  std::uint32_t dropped_counted_ = 0;     // and of the ring's
  bool has_connected_ = false;            // in this boot
};

}  // namespace sluice::sim
