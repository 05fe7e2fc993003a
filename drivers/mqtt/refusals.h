// Refusals: counts what a source has turned away, by reason.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "core/metrics.h"
#include "drivers/mqtt/protocol.h"

namespace sluice::mqtt {

enum class Refusal : std::uint8_t {
  too_many_connections,
  too_many_sessions,
  connect_timeout,
  protocol_version,
  client_id,
  authentication,
  malformed,  // a packet that breaks the protocol
  packet_too_large,
  topic,  // a PUBLISH to a topic that is not allowed, or over a limit
  keep_alive,
  in_flight,      // more than the Receive Maximum
  unread_output,  // the peer does not read our answers
  not_stored,     // the engine had no room for its messages
};
inline constexpr std::array<std::string_view, 13> refusal_names = {"too_many_connections",
                                                                   "too_many_sessions",
                                                                   "connect_timeout",
                                                                   "protocol_version",
                                                                   "client_id",
                                                                   "authentication",
                                                                   "malformed",
                                                                   "packet_too_large",
                                                                   "topic",
                                                                   "keep_alive",
                                                                   "in_flight",
                                                                   "unread_output",
                                                                   "not_stored"};

class Refusals {
 public:
  Refusals(Metrics& metrics, std::string_view source) {
    for (std::size_t i = 0; i < refusal_names.size(); ++i) {
      counters_[i] = &metrics.counter(
          "sluice_source_refused_total", "Connections and messages that a source turned away.",
          {{"source", std::string(source)}, {"reason", std::string(refusal_names[i])}});
    }
  }

  void count(Refusal refusal) {
    counters_[static_cast<std::size_t>(refusal)]->add();
    total_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }  // any thread

 private:
  std::array<Counter*, refusal_names.size()> counters_{};
  std::atomic<std::uint64_t> total_{0};
};

// Where a violation is counted.
Refusal refusal_of(const Violation& violation);

}  // namespace sluice::mqtt
