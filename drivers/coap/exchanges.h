// Exchanges: what we have been asked lately, so that a retransmission is recognised (RFC 7252
// section 4.5). libcoap does not do it.
//
//   find --> none      a new request: add() it
//        --> waiting   its answer is not known yet: stay silent
//        --> answered  give that answer again
//
// An exchange is the same when peer, message id and content are: a device that restarts and reuses
// a message id for something else is heard. Remembered for 247 s, within a bound for each peer and
// one for all; the oldest answered one makes room. A forgotten one is no loss: the engine
// recognises the repeat too. Owned by one thread; time is handed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace sluice {

struct Answer {
  std::uint8_t code = 0;
  std::optional<std::uint32_t> block1;  // the option's value, when the request had one
  bool is_separate = false;             // it came after an empty acknowledgement, on its own
};

struct Exchange {
  std::uint16_t message_id = 0;
  std::uint64_t fingerprint = 0;
  std::optional<Answer> answer;  // none: waiting
  bool has_empty_ack = false;    // the peer knows that an answer will follow separately
  bool is_void = false;          // refused: the same request again is a new one
  Duration since{};              // monotonic
};

class Exchanges {
 public:
  struct Limits {
    std::size_t max_total;
    std::size_t max_per_peer;
    Duration lifetime = std::chrono::seconds(247);  // EXCHANGE_LIFETIME
  };

  explicit Exchanges(Limits limits) : limits_(limits) {}

  // nullptr: not known. Lent until it is answered or void and the next add() or expire().
  Exchange* find(std::string_view peer, std::uint16_t message_id, std::uint64_t fingerprint);

  // A new, waiting exchange. nullptr: there is no room, as all that could go are still waiting. It
  // stays where it is until it has an answer or is void.
  Exchange* add(std::string_view peer, std::uint16_t message_id, std::uint64_t fingerprint,
                Duration now);

  // Forgets those that are older than the lifetime and do not wait.
  void expire(Duration now);

  std::size_t size() const { return all_.size(); }
  std::size_t peers() const { return peers_.size(); }
  // How many were forgotten before their time.
  std::uint64_t overflowed() const { return overflowed_; }

 private:
  struct Entry;
  struct Peer {
    std::deque<Entry*> entries;  // oldest first: in the order that they have in `all_` too
  };
  using Peers = std::map<std::string, Peer, std::less<>>;
  struct Entry {
    Exchange exchange;
    Peers::iterator peer;
    std::list<Entry>::iterator place;  // in all_
  };

  static bool is_waiting(const Exchange& exchange) {
    return !exchange.answer.has_value() && !exchange.is_void;
  }
  // Forgets the oldest of a peer; false: it waits.
  bool forget_oldest(Peers::iterator peer);

  const Limits limits_;
  std::list<Entry> all_;  // oldest first
  Peers peers_;
  std::uint64_t overflowed_ = 0;
};

}  // namespace sluice
