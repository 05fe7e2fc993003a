// BrokerEvents: what a connection reports, on its way from Paho's threads to the shipper's.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"

namespace sluice::mqtt {

// Names one publication on one connection.
enum class Publication : std::uint32_t {};

// What the broker's CONNACK allows (MQTT 5, section 3.2.2.3). The defaults are the standard's.
struct BrokerLimits {
  std::uint16_t receive_maximum = 65'535;  // publications that may wait for an acknowledgement
  std::uint32_t max_packet_bytes = std::numeric_limits<std::uint32_t>::max();  // of a whole packet
};

struct Opened {
  BrokerLimits limits;
};
struct Acknowledged {
  Publication publication;
};
struct Refused {
  Publication publication;
  bool is_too_large;   // it will never be taken
  std::string reason;  // the broker's
};
// The connection has ended, or could not be opened. Nothing more is known of its publications.
struct Closed {
  std::string reason;  // what happened, and what helps
};
using BrokerEvent = std::variant<Opened, Acknowledged, Refused, Closed>;

class BrokerEvents {
 public:
  struct Taken {
    std::vector<BrokerEvent> events;  // oldest first
    bool is_woken = false;            // wake() was called since the last take()
  };

  void post(BrokerEvent event);  // any thread
  void wake();                   // any thread

  // All that has come; waits up to `timeout` for an event or wake().
  Taken take(Duration timeout);
  // The same without waiting; a wake() stays for the next take().
  std::vector<BrokerEvent> take_rest();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Taken pending_;  // guarded by mutex_
};

}  // namespace sluice::mqtt
