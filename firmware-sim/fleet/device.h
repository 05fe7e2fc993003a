// Device: one virtual sensor with its store-and-forward ring. Owned by its protocol's thread.
//
//   measure() --> [ 17 in flight | 18 in flight | 19 waiting | 20 waiting ] --> take_unsent()
//                      '-- acknowledge(17) frees, release(18) makes it wait again
//
// Nothing unacknowledged leaves the ring: when it is full, a measurement is not taken and counted.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "firmware-sim/fleet/signal.h"

namespace sluice::sim {

struct Pending {
  std::uint64_t seq = 0;
  Reading reading;
  std::int64_t measured_ms = 0;  // true time, without the device's skew
  std::int64_t sent_ms = 0;      // first time on the wire; 0: never
  std::int64_t last_sent_ms = 0;
  std::uint16_t message_id = 0;  // CoAP: a repeat keeps it; 0: none yet
  bool is_in_flight = false;
};

class Device {
 public:
  Device(std::uint32_t index, const SignalOptions& signal, std::int64_t skew_ms,
         std::size_t ring_capacity);

  const std::string& name() const { return name_; }         // "dev-0007"
  const std::string& mqtt_topic() const { return topic_; }  // "plant/line-3/dev-0007/telemetry"
  std::uint32_t index() const { return index_; }
  std::size_t waiting() const { return ring_.size(); }  // in flight or not
  std::size_t in_flight() const { return in_flight_; }
  std::uint64_t skipped() const { return skipped_; }

  // Takes the next measurement. False: the ring is full, and it is counted.
  bool measure(std::int64_t now_ms);

  // The oldest event that waits, now in flight; nullptr: none. Once it is on the wire mark_sent()
  // says so, and gives true the first time; if it did not get there, release() it.
  Pending* take_unsent();
  static bool mark_sent(Pending& pending, std::int64_t now_ms);
  std::string payload(const Pending& pending) const;

  // The event is safe: it leaves the ring. False: it was acknowledged before.
  bool acknowledge(std::uint64_t seq, Pending& acknowledged);
  // It was not delivered, or nobody knows: it waits again.
  void release(std::uint64_t seq);
  // The same, after an answer: a repeat would be a new message.
  void release_as_new(std::uint64_t seq);
  void release_all();
  // Releases what is in flight since before `deadline_ms`. Gives how many.
  std::size_t release_older(std::int64_t deadline_ms);

  // What is left at the end of a run, oldest first.
  const std::deque<Pending>& ring() const { return ring_; }

 private:
  std::deque<Pending>::iterator find(std::uint64_t seq);

  std::uint32_t index_;
  std::string name_;
  std::string topic_;
  SensorSignal signal_;
  std::int64_t skew_ms_;
  std::size_t ring_capacity_;
  std::deque<Pending> ring_;  // by seq
  std::size_t in_flight_ = 0;
  std::uint64_t last_seq_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace sluice::sim
