// AckQueue: the acknowledgements that one connection still owes, in the order of its packets.
//
//   PUBLISH 7 -> push(receipt 41, PUBACK 7) ... settled up to 41 -> take_due() writes PUBACK 7
//
// One queue for all kinds keeps each kind in order [MQTT-4.6.0-2 to 4].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/message.h"
#include "drivers/mqtt/message_feed.h"
#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/protocol.h"

namespace sluice::mqtt {

class AckQueue {
 public:
  // The acknowledgement may go once `receipt` is settled; Receipt{0}: as soon as those before it.
  void push(Receipt receipt, PacketType type, std::uint16_t id, Reason reason = Reason::success) {
    acks_.push_back({receipt, id, type, reason});
  }

  bool empty() const { return first_ == acks_.size(); }
  std::size_t size() const { return acks_.size() - first_; }

  // True when one of the receipts owed is `receipt` or older.
  bool owes_up_to(Receipt receipt) const {
    for (std::size_t i = first_; i < acks_.size(); ++i) {
      if (acks_[i].receipt != Receipt{0} && acks_[i].receipt <= receipt) return true;
    }
    return false;
  }

  // Writes what is due now. Gives how many of them ended a message's flow: the sender may send as
  // many more (MQTT 5, 4.9).
  std::size_t take_due(const MessageFeed& feed, Version version, std::string& out) {
    std::size_t ended = 0;
    while (first_ < acks_.size() && feed.is_settled(acks_[first_].receipt)) {
      const Ack& ack = acks_[first_++];
      append_ack(out, version, ack.type, ack.id, ack.reason);
      if (ack.type != PacketType::pubrec || is_failure(ack.reason)) ++ended;
    }
    if (first_ == acks_.size()) {
      acks_.clear();
      first_ = 0;
    } else if (first_ > 64 && first_ > acks_.size() / 2) {
      acks_.erase(acks_.begin(), acks_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return ended;
  }

 private:
  struct Ack {
    Receipt receipt;
    std::uint16_t id;
    PacketType type;
    Reason reason;
  };
  std::vector<Ack> acks_;
  std::size_t first_ = 0;  // those before it are written
};

}  // namespace sluice::mqtt
