// ServerSession: the protocol of one device that is connected to us. No I/O: bytes in, actions out.
//
//   bytes --receive()--> messages in the feed, bytes in output()
//   engine: committed --settle()--> PUBACK, PUBREC, PUBCOMP, CONNACK in output(), in order
//
// Invariant: nothing in output() acknowledges what the feed has not settled.
// A session that is_closing() takes nothing more: its output is written and the connection closed.
// Owned by the source's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "drivers/mqtt/ack_queue.h"
#include "drivers/mqtt/limits.h"
#include "drivers/mqtt/message_feed.h"
#include "drivers/mqtt/packet.h"
#include "drivers/mqtt/refusals.h"
#include "drivers/mqtt/session_table.h"
#include "drivers/mqtt/topic_aliases.h"

namespace sluice::mqtt {

// What all sessions of one listener share. Outlives them.
struct ServerCore {
  ServerCore(const MqttLimits& bounds, Refusals& counts, std::uint64_t seed)
      : limits(bounds), refusals(counts), assigned_id_seed(seed), table(limits, feed) {}

  const MqttLimits limits;
  Refusals& refusals;
  const std::uint64_t assigned_id_seed;  // makes the client ids that we assign
  std::uint64_t assigned_ids = 0;
  MessageFeed feed;
  SessionTable table;
  bool is_withholding = false;  // the engine has paused this source
  // The tags of sessions that something else than their own input has changed: write their output,
  // close them.
  std::vector<std::uint64_t> touched;
};

class ServerSession {
 public:
  // `tag` is its owner's name for it.
  ServerSession(ServerCore& core, std::uint64_t tag);
  // The connection is gone; what it left (will, durable session) stays with the table.
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  // Takes whole packets from the front of `bytes` and gives the number of bytes used. Leaves
  // packets there while is_blocked(), and when the last one is not complete.
  std::size_t receive(std::string_view bytes);

  // The feed has settled more: moves what is due to output().
  void settle();
  // Messages up to `receipt` were not stored; call before the feed settles them. A device whose
  // messages are among them is disconnected, and sends them again when it is back.
  void refuse(Receipt receipt);

  // Ends the connection when the device was silent for too long; once a second or so.
  void tick();
  // The device was not read for reasons of ours: its silence begins anew.
  void restart_silence();
  // Ends the connection from our side: shutting down, or output that is not read.
  void close(Reason reason, std::string_view why);

  std::string& output() { return output_; }
  bool is_closing() const { return is_closing_; }
  // True while no packet is taken: a CONNACK waits for its commit, or this sender is over its
  // bound.
  bool is_blocked() const;
  bool is_waiting_for_settlement() const {
    return connack_waits_for_.has_value() || !acks_.empty();
  }
  bool is_connected() const { return session_ != nullptr; }
  // As it was in CONNECT; kept for the log when the connection has ended.
  std::string_view client_id() const { return client_id_; }
  // Why the connection ended; empty for a normal end.
  std::string_view why_closed() const { return why_closed_; }
  bool is_refused() const { return is_refused_; }

 private:
  void handle(const Frame& frame);
  void on_connect(const Frame& frame);
  void accept(const ConnectPacket& packet);
  void keep_will(const ConnectPacket& packet);
  std::string assign_client_id();
  Duration choose_keep_alive(const ConnectPacket& packet, ConnackFields& fields);
  void send_connack();

  void on_publish(const Frame& frame);
  std::optional<Violation> check_topic(const PublishPacket& packet, std::string_view topic) const;
  void turn_down(const PublishPacket& packet, const Violation& violation);
  void take(const PublishPacket& packet, std::string_view topic);
  void on_pubrel(const Frame& frame);
  void on_other_ack(const Frame& frame);
  void on_subscribe(const Frame& frame);
  void on_disconnect(const Frame& frame);

  void violate(const Violation& violation);
  void refuse_connect(const Violation& violation, Version version);
  void end(std::string_view why);
  bool must_withhold(std::size_t message_bytes, std::uint8_t qos) const;

  ServerCore& core_;
  const std::uint64_t tag_;
  Session* session_ = nullptr;  // set while connected
  std::string client_id_;
  Version version_ = Version::v3_1_1;
  Duration silence_limit_;  // time to CONNECT, then 1.5 x keep-alive; zero: none
  Duration last_packet_;
  std::uint32_t client_max_packet_ = 0;  // 0: the client has set no bound
  bool is_connect_expiry_zero_ = true;
  TopicAliases aliases_;

  AckQueue acks_;
  std::size_t in_flight_ = 0;  // QoS 1 and 2 messages of this connection whose flow has not ended
  std::size_t withheld_bytes_ = 0;
  bool is_over_bound_ = false;  // the next packet is a PUBLISH that must wait
  std::optional<Receipt> connack_waits_for_;
  std::string connack_;

  std::string output_;
  bool is_closing_ = false;
  bool is_refused_ = false;
  std::string why_closed_;
};

}  // namespace sluice::mqtt
