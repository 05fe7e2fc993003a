// Unreleased: the QoS 2 messages of one session that were received and not released by PUBREL yet.
//
//   PUBLISH id --receive--> [id, fingerprint] --PUBREL: release--> gone
//
// Until its release an id means the same message [MQTT-4.3.3-10]: it is answered again and makes no
// second event. An id that comes back with other content is a new message (its sender has lost its
// memory): dropping that would lose it. For a durable session each id is a record of the source's
// state, written in the transaction of the message and erased in that of its PUBREL.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "drivers/message.h"
#include "drivers/mqtt/message_feed.h"
#include "drivers/mqtt/packet.h"

namespace sluice::mqtt {

class Unreleased {
 public:
  // `client_id` names the session in keys.
  Unreleased(std::string_view client_id, bool is_durable)
      : client_id_(client_id), is_durable_(is_durable) {}

  struct Entry {
    std::uint64_t fingerprint = 0;
    Receipt receipt{};     // of its message; 0: committed by an earlier process
    unsigned repeats = 0;  // on this connection
  };

  // The entry that this PUBLISH repeats, or nullptr when it is new.
  Entry* find_repeat(const PublishPacket& packet, std::string_view topic);

  // Adds the message to the feed and remembers its id.
  Receipt receive(const PublishPacket& packet, std::string_view topic, Message& message,
                  MessageFeed& feed);

  // Forgets the id. Gives the receipt that the PUBCOMP waits for; Receipt{0}: nothing durable
  // changes.
  Receipt release(std::uint16_t id, MessageFeed& feed);

  // Forgets all ids, each with its record. Gives the receipt of the last change, or Receipt{0}.
  Receipt clear(MessageFeed& feed);
  // The same, and keeps none of them durable from now on (their connection is all they live for).
  Receipt make_temporary(MessageFeed& feed);

  // Messages up to `receipt` that are not settled were refused: their ids mean nothing.
  void forget_refused(Receipt receipt, const MessageFeed& feed);

  // A new connection: repeats are counted from zero.
  void start_connection();

  // A record of this kind: "q", client id, two bytes of packet id.
  static bool parse(std::string_view key, std::string_view value, std::string_view& client_id,
                    std::uint16_t& id, std::uint64_t& fingerprint);
  void restore(std::uint16_t id, std::uint64_t fingerprint) { entries_[id] = {fingerprint, {}, 0}; }

  std::size_t size() const { return entries_.size(); }

 private:
  std::string key(std::uint16_t id) const;
  Receipt erase_records(MessageFeed& feed) const;

  std::string client_id_;
  bool is_durable_;
  std::map<std::uint16_t, Entry> entries_;
};

}  // namespace sluice::mqtt
