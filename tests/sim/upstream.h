// Upstream: who takes the batches of one sink, well or badly. It outlives the box and hands all
// that it keeps to the account.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/sink.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_clock.h"

namespace sluice::sim {

enum class UpstreamMode : std::uint8_t {
  accepts,
  delays,        // keeps the batch, and answers later
  refuses,       // "not now"
  loses_answer,  // keeps the batch, but the connection ends before the answer
  rejects,       // "never"
};

class Upstream {
 public:
  // `keep` gets each body that upstream keeps.
  Upstream(const SimClock& clock, Random& random, std::function<void(std::string_view)> keep)
      : clock_(clock), random_(random), keep_(std::move(keep)) {}

  UpstreamMode mode = UpstreamMode::accepts;

  // Takes a batch; gives the answer and how long it takes.
  struct Answer {
    Delivery delivery;
    Duration at;  // monotonic
  };
  Answer take(const OutgoingBatch& batch);

  const SimClock& clock() const { return clock_; }

 private:
  const SimClock& clock_;
  Random& random_;
  std::function<void(std::string_view)> keep_;
};

// The sink of one life of the box.
class UpstreamSink final : public Sink {
 public:
  UpstreamSink(Upstream& upstream, std::size_t max_in_flight)
      : upstream_(upstream), max_in_flight_(max_in_flight) {}

  std::size_t max_in_flight() const override { return max_in_flight_; }
  void submit(const OutgoingBatch& batch) override { answers_.push_back(upstream_.take(batch)); }
  // Never waits: time passes only between the turns.
  void poll(Duration timeout, std::vector<Delivery>& done) override;
  void wake() override {}

 private:
  Upstream& upstream_;
  const std::size_t max_in_flight_;
  std::vector<Upstream::Answer> answers_;
};

}  // namespace sluice::sim
