// Fleet: all devices of a run on one thread, each let run when something arrives for it or is due.
//
//   [ due: device 7 | due: device 3 | ... ]      measuring, by the phases --- draining --- over
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "core/result.h"
#include "firmware-sim/fleet/device.h"
#include "firmware-sim/fleet/fleet_file.h"
#include "firmware-sim/fleet/kind.h"

namespace sluice::sim {

class Fleet {
 public:
  // `world` and `tally` are lent. `unix_ms` is what the devices take for the time at the start.
  //   bad_config  a recording cannot be read
  static Result<std::unique_ptr<Fleet>> make(const FleetSpec& spec, World& world, Tally& tally,
                                             std::int64_t unix_ms);

  // What each link of the world speaks, in their order.
  static std::vector<Protocol> protocols(const FleetSpec& spec);

  // How often show() is called while it runs, in fleet time.
  void show_every(double milliseconds, std::function<void()> show);

  // Until the phases are over and every ring is empty, or nobody has answered for so long. One
  // `stops` ends the measuring, a second one the draining.
  void run(const std::atomic<int>& stops);

  const PhaseSpec& phase() const { return phases_.phase(phases_.at(world_.now_ms())); }
  bool is_draining() const { return is_draining_; }
  std::uint64_t devices() const { return devices_.size(); }
  std::uint64_t devices_on() const { return on_; }
  std::uint64_t waiting() const { return waiting_; }  // readings in all rings

 private:
  Fleet(const FleetSpec& spec, World& world);

  struct Due {
    double at_ms;
    World::Link device;
    bool operator>(const Due& other) const { return at_ms > other.at_ms; }
  };

  void run_device(World::Link link, double now_ms);
  void run_due(double now_ms);
  void start_draining();
  void show_if_due(double now_ms);

  World& world_;
  Phases phases_;
  std::chrono::milliseconds patience_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<double> due_ms_;  // of each device; older entries of the queue are stale
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  std::uint64_t on_ = 0;
  std::uint64_t waiting_ = 0;
  bool is_draining_ = false;
  double show_every_ms_ = Episodes::never;
  double show_at_ms_ = Episodes::never;
  std::function<void()> show_;
};

}  // namespace sluice::sim
