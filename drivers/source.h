// Source: a driver that takes messages in and holds their acknowledgement back until they are
// durable.
//
//   device --bytes--> Source --MessageBatch--> Intake ... commit ... --> settle(receipt)
//   --PUBACK-->
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/result.h"
#include "drivers/message.h"

namespace sluice {

// What became of the messages up to a receipt.
enum class Outcome : std::uint8_t {
  stored,   // committed: devices may forget them
  refused,  // not stored (a full sink with when_full = "block"): the device keeps them
};

// The durable memory of a source as the store holds it: (key, value), sorted by key.
using SavedState = std::vector<std::pair<std::string, std::string>>;

struct SourceStatus {
  bool is_running = false;  // listening, or connected and subscribed
  std::string address;      // where devices reach it: "mqtt://127.0.0.1:1883" with the real port
  std::uint64_t connections = 0;
  std::uint64_t refused = 0;  // connections or requests turned away since the start
  std::string last_error;     // empty: none since it last worked
  Timestamp last_error_time{};
};

// What a source gets from outside. All outlive it.
struct SourceContext {
  std::string name;  // the NAME in [sources.NAME]
  Intake& intake;
  const Clock& clock;
  Metrics& metrics;
  std::string gateway = {};  // [gateway] name
};

class Source {
 public:
  virtual ~Source() = default;  // stops its thread

  // Restores the durable memory and starts to take messages in; returns at once. What cannot work
  // yet (port taken, broker away) is retried by the source itself and shown in status().
  //   bad_config  it can never work like this
  virtual Result<void> start(const SavedState& saved) = 0;

  // All messages up to and including `receipt` are committed (or refused): acknowledge them.
  // Called by the engine thread after each commit, receipts growing; tolerates connections that are
  // gone.
  virtual void settle(Receipt receipt, Outcome outcome) = 0;

  // The intake has room again, or the sinks behind this source do (engine thread).
  virtual void resume() = 0;
  // Withhold: read and acknowledge nothing more until resume() (engine thread); keep-alives are
  // still answered, CoAP answers 5.03 with Max-Age.
  virtual void pause() = 0;

  // Stops taking messages in; those offered already may still be settled (engine thread).
  virtual void stop_intake() = 0;

  virtual SourceStatus status() const = 0;  // any thread
};

}  // namespace sluice
