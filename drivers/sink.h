// Sink: a driver that delivers batches upstream. Owned and called by its shipper's thread alone.
//
//   outbox -> shipper: frame, compress -> submit(batch) ... poll() -> Delivery -> acknowledged
//   range
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace sluice {

struct OutgoingBatch {
  std::uint64_t ticket = 0;  // the shipper's name for it, given back in Delivery
  std::string id;            // "<store id>/<sink>/<lane>/<first>-<last>": stable over retries
  std::uint64_t events = 0;
  std::string body;              // framed, and compressed when content_encoding says so
  std::string content_type;      // "application/x-ndjson", "application/cloudevents-batch+json"
  std::string content_encoding;  // "zstd" or empty
};

struct Delivery {
  enum class Outcome : std::uint8_t {
    delivered,  // upstream has it durably, as far as its protocol can say
    retry,      // not now: the shipper backs off and submits it again
    rejected,   // never: the batch goes to dead letters
  };
  std::uint64_t ticket = 0;
  Outcome outcome = Outcome::retry;
  std::string reason;      // for retry and rejected: one line for a person, with the remedy
  Duration retry_after{};  // upstream's own wish (Retry-After); zero: none
};

class Sink {
 public:
  virtual ~Sink() = default;

  // How many batches may be submitted and not yet given back by poll().
  virtual std::size_t max_in_flight() const { return 1; }

  // Starts to deliver. The batch is lent until poll() gives its ticket back (or the sink ends); the
  // outcome, also a failure, comes through poll().
  virtual void submit(const OutgoingBatch& batch) = 0;

  // Appends finished deliveries; waits up to `timeout` for the first one. Returns early on wake().
  virtual void poll(Duration timeout, std::vector<Delivery>& done) = 0;

  // Ends a waiting poll(). Any thread.
  virtual void wake() = 0;
};

}  // namespace sluice
