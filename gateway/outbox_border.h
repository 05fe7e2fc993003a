// OutboxBorder: the only thing between the engine and the shippers.
//
//   engine --publish(end)--> shipper        shipper --acknowledge, reject--> engine
//
// What flows uphill is taken into the engine's next commit: a position counts once that is durable.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "storage/head.h"
#include "storage/intervals.h"
#include "storage/keys.h"

namespace sluice {

// Upstream's answer about the sequences [first, end) of a lane.
struct Acknowledgement {
  LaneId lane;
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  bool is_rejected = false;  // the events go to dead letters
  std::string reason;        // of a rejection
  std::uint64_t holes = 0;   // sequences of these that held no event: a policy took it
};

class OutboxBorder {
 public:
  // Downhill: the sequence after the last one that may be sent: committed, and below the durable
  // handed-out mark where the sink has one. `wake` is called after each change (engine
  // thread); the shipper sets it before its thread starts.
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  void publish(LaneId lane, std::uint64_t next);
  std::uint64_t next(LaneId lane) const;
  void set_boot_clocks(std::vector<BootClock> clocks);
  std::vector<BootClock> boot_clocks() const;

  // Uphill.
  void acknowledge(Acknowledgement acknowledgement);
  std::vector<Acknowledgement> take_acknowledgements();
  bool has_acknowledgements() const;
  // A record that cannot be read, by its key without the part: it goes into quarantine.
  void report_damage(std::string record_key);
  std::vector<std::string> take_damage();

 private:
  std::function<void()> wake_;  // constant once the shipper runs
  mutable std::mutex mutex_;
  std::map<LaneId, std::uint64_t> next_;           // guarded by mutex_
  std::vector<BootClock> boot_clocks_;             // guarded by mutex_
  std::vector<Acknowledgement> acknowledgements_;  // guarded by mutex_
  std::vector<std::string> damage_;                // guarded by mutex_
};

}  // namespace sluice
