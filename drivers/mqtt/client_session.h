// ClientSession: the protocol of one connection from us to a broker that we subscribe at. No I/O:
// bytes in, actions out.
//
//   connect() --> CONNECT in output();  receive(): CONNACK --> SUBSCRIBE, messages in the feed
//   engine: committed --settle()--> PUBACK, PUBREC, PUBCOMP in output(), in order
//
// Invariant: nothing in output() acknowledges what the feed has not settled: the broker repeats
// what we have not acknowledged when we connect again. Durable: the received and unreleased QoS 2
// ids, and the filters that the broker's session holds. One object lives as long as its source;
// connect() begins each connection. Source thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "drivers/mqtt/ack_queue.h"
#include "drivers/mqtt/message_feed.h"
#include "drivers/mqtt/packet.h"
#include "drivers/mqtt/topic_aliases.h"
#include "drivers/mqtt/unreleased.h"
#include "drivers/source.h"

namespace sluice::mqtt {

struct ClientOptions {
  std::string client_id;
  std::string user;
  std::string password;
  std::vector<std::string> topics;  // filters, also "$share/group/filter"
  std::uint8_t qos = 1;
  Duration keep_alive = std::chrono::seconds(30);
  Duration session_expiry = std::chrono::hours(24);  // zero: the broker keeps no session for us
  // The broker's window: at least its message rate times our commit time.
  std::uint16_t receive_maximum = 65'535;
  std::size_t max_packet_bytes = std::size_t{128} * 1024;
};

class ClientSession {
 public:
  ClientSession(ClientOptions options, MessageFeed& feed);

  // Gives the number of records that could not be read.
  std::size_t restore(const SavedState& saved);

  // Begins a connection: forgets the last one and writes CONNECT.
  void connect();
  // The connection is gone without a word.
  void connection_lost();

  // Takes whole packets from the front of `bytes` and gives the number of bytes used.
  std::size_t receive(std::string_view bytes);
  void settle();
  // Messages up to `receipt` were not stored; call before the feed settles them. Ends the
  // connection: the broker sends them again on the next one.
  void refuse(Receipt receipt);
  // Pings, and ends the connection when the broker does not answer.
  void tick();
  void restart_silence() { last_received_ = feed_.now(); }
  void close();  // ends the connection in good order

  std::string& output() { return output_; }
  bool is_closing() const { return is_closing_; }
  bool is_waiting_for_settlement() const { return !acks_.empty(); }
  bool is_connected() const { return state_ == State::connected; }  // CONNACK has come
  // Connected, and the broker has granted all filters.
  bool is_subscribed() const { return is_connected() && is_subscribed_; }
  // Why the connection ended, or what the broker has refused; empty: nothing.
  std::string_view trouble() const { return trouble_; }
  Version version() const { return version_; }

 private:
  enum class State : std::uint8_t { idle, connecting, connected };

  void handle(const Frame& frame);
  void on_connack(const Frame& frame);
  void subscribe(bool is_session_present);
  void on_publish(const Frame& frame);
  void take(const PublishPacket& packet, std::string_view topic);
  void on_ack(const Frame& frame);
  void on_suback(const Frame& frame);
  void on_disconnect(const Frame& frame);
  void remember_subscribed();
  void violate(const Violation& violation);
  void end(std::string_view why);

  const ClientOptions options_;
  MessageFeed& feed_;
  Unreleased unreleased_;
  std::vector<std::string> subscribed_;  // what the broker's session holds, as far as we know

  Version version_ = Version::v5;  // of this connection, and of the next
  State state_ = State::idle;
  TopicAliases aliases_{0};
  AckQueue acks_;
  std::uint16_t suback_id_ = 0;  // 0: none awaited
  bool is_subscribed_ = false;
  Duration keep_alive_{};  // the broker may shorten ours
  Duration last_received_{};
  Duration last_ping_{};
  bool is_ping_unanswered_ = false;
  bool is_closing_ = false;
  std::string output_;
  std::string trouble_;
};

}  // namespace sluice::mqtt
