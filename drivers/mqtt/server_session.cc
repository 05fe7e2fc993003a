#include "drivers/mqtt/server_session.h"

#include <algorithm>

#include "core/result.h"
#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/text.h"

namespace sluice::mqtt {

ServerSession::ServerSession(ServerCore& core, std::uint64_t tag)
    : core_(core),
      tag_(tag),
      silence_limit_(core.limits.connect_timeout),
      last_packet_(core.feed.now()),
      aliases_(core.limits.max_topic_aliases) {}

ServerSession::~ServerSession() {
  if (session_ != nullptr) end("the connection was lost");
}

std::size_t ServerSession::receive(std::string_view bytes) {
  std::size_t used = 0;
  is_over_bound_ = false;
  while (!is_closing_ && !is_blocked() && used < bytes.size()) {
    const std::string_view rest = bytes.substr(used);
    const auto first = static_cast<PacketType>(static_cast<std::uint8_t>(rest.front()) >> 4);
    if (session_ == nullptr && first != PacketType::connect) {
      violate({Reason::protocol_error, "the first packet is not CONNECT", true});
      break;
    }
    Frame frame;
    if (const auto violation = read_frame(rest, core_.limits.max_packet_bytes, frame)) {
      violate(*violation);
      break;
    }
    if (frame.size == 0) break;
    last_packet_ = core_.feed.now();
    handle(frame);
    if (is_over_bound_) break;
    used += frame.size;
  }
  return used;
}

bool ServerSession::is_blocked() const {
  if (connack_waits_for_ || is_over_bound_) return true;
  // A 3.1.1 sender knows no Receive Maximum: past ours it is not read until we have acknowledged.
  return version_ == Version::v3_1_1 && acks_.size() >= core_.limits.max_in_flight;
}

void ServerSession::handle(const Frame& frame) {
  if (frame.type == PacketType::connect && session_ == nullptr) return on_connect(frame);
  CHECK(session_ != nullptr);
  switch (frame.type) {
    case PacketType::connect:
      return violate({Reason::protocol_error, "a second CONNECT"});
    case PacketType::publish:
      return on_publish(frame);
    case PacketType::pubrel:
      return on_pubrel(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      return on_other_ack(frame);
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return on_subscribe(frame);
    case PacketType::pingreq:
      if (const auto violation = decode_ping(frame)) return violate(*violation);
      return append_ping(output_, PacketType::pingresp);
    case PacketType::disconnect:
      return on_disconnect(frame);
    default:
      return violate({Reason::protocol_error, "a packet that only a server sends"});
  }
}

void ServerSession::on_publish(const Frame& frame) {
  PublishPacket packet;
  if (const auto violation = decode_publish(frame, version_, packet)) return violate(*violation);
  if (packet.qos == 0 && packet.is_duplicate) {
    return violate({Reason::malformed_packet, "QoS 0 with DUP"});  // [MQTT-3.3.1-2]
  }
  if (packet.properties.has(PropertyId::subscription_id)) {
    return violate(
        {Reason::protocol_error, "a client sends a subscription identifier"});  // [MQTT-3.3.4-6]
  }
  if (must_withhold(frame.size, packet.qos)) {
    is_over_bound_ = true;
    return;
  }
  const std::string_view topic = aliases_.resolve(packet);
  if (topic.empty()) {
    const bool is_too_high = packet.properties.topic_alias > core_.limits.max_topic_aliases;
    return violate({is_too_high ? Reason::topic_alias_invalid : Reason::protocol_error,
                    "a topic alias that was not set"});
  }
  if (const auto violation = check_topic(packet, topic)) return turn_down(packet, *violation);
  withheld_bytes_ += core_.is_withholding ? frame.size : 0;
  take(packet, topic);
}

bool ServerSession::must_withhold(std::size_t message_bytes, std::uint8_t qos) const {
  if (!core_.is_withholding) return false;
  const std::size_t held = core_.feed.batch().bytes() + sizeof(Message);
  if (held + message_bytes > core_.limits.max_withheld_bytes) return true;
  const bool stops_by_itself = version_ == Version::v5 && qos > 0;
  return !stops_by_itself &&
         withheld_bytes_ + message_bytes > core_.limits.max_withheld_bytes_per_connection;
}

std::optional<Violation> ServerSession::check_topic(const PublishPacket& packet,
                                                    std::string_view topic) const {
  const std::size_t levels = packet.topic.empty() ? topic_levels(topic) : packet.levels;
  if (topic.size() > core_.limits.max_topic_bytes || levels > core_.limits.max_topic_levels) {
    return Violation{Reason::topic_name_invalid, "the topic is too long, or has too many levels"};
  }
  if (is_server_topic(topic))
    return Violation{Reason::not_authorized, "the topic is the server's own"};
  return std::nullopt;
}

// MQTT 5 can say no to a message. A 3.1.1 sender would take any answer for an acknowledgement, so
// that it is disconnected [MQTT 3.1.1, MQTT-3.3.5-2].
void ServerSession::turn_down(const PublishPacket& packet, const Violation& violation) {
  if (packet.qos > 0 && version_ == Version::v3_1_1) return violate(violation);
  core_.refusals.count(refusal_of(violation));
  if (packet.qos == 0) return;
  const PacketType type = packet.qos == 1 ? PacketType::puback : PacketType::pubrec;
  ++in_flight_;
  acks_.push(Receipt{0}, type, packet.id, violation.reason);
  settle();
}

void ServerSession::take(const PublishPacket& packet, std::string_view topic) {
  if (packet.qos == 2) {
    if (Unreleased::Entry* const repeat = session_->unreleased.find_repeat(packet, topic)) {
      // A sender repeats after a new connection only [MQTT-4.4.0-1]; one slip is forgiven.
      if (++repeat->repeats > 1 && !packet.is_duplicate) {
        return violate(
            {Reason::protocol_error, "an unreleased packet identifier, again and again"});
      }
      acks_.push(repeat->receipt, PacketType::pubrec, packet.id);
      return settle();
    }
  }
  if (packet.qos > 0 && ++in_flight_ > core_.limits.max_in_flight && version_ == Version::v5) {
    return violate({Reason::receive_maximum_exceeded, "more in flight than the Receive Maximum"});
  }
  static constexpr Property retained{"retain", "true"};
  Message message;
  message.qos = packet.qos;
  message.number = packet.id;
  message.repeat = packet.qos == 1 && packet.is_duplicate ? Repeat::possible : Repeat::never;
  message.sender = session_->client_id;
  message.topic = topic;
  message.content_type = packet.properties.content_type;
  message.payload = packet.payload;
  message.user_properties = user_properties(packet.properties, core_.feed.batch().arena());
  if (packet.is_retained) message.headers = {&retained, 1};
  switch (packet.qos) {
    case 0:
      core_.feed.add(message);
      break;
    case 1:
      acks_.push(core_.feed.add(message), PacketType::puback, packet.id);
      break;
    default:
      acks_.push(session_->unreleased.receive(packet, topic, message, core_.feed),
                 PacketType::pubrec, packet.id);
  }
}

void ServerSession::on_pubrel(const Frame& frame) {
  AckPacket packet;
  if (const auto violation = decode_ack(frame, version_, packet)) return violate(*violation);
  // An unknown id is answered too: our PUBCOMP may have been lost.
  const Receipt receipt = session_->unreleased.release(packet.id, core_.feed);
  acks_.push(receipt, PacketType::pubcomp, packet.id);
  settle();
}

// We publish nothing to devices, so these answer nothing; a PUBREC still wants its PUBREL.
void ServerSession::on_other_ack(const Frame& frame) {
  AckPacket packet;
  if (const auto violation = decode_ack(frame, version_, packet)) return violate(*violation);
  if (frame.type == PacketType::pubrec && !is_failure(packet.reason)) {
    append_ack(output_, version_, PacketType::pubrel, packet.id, Reason::success);
  }
}

// No downlink yet: no subscription is granted, and none exists that could end.
void ServerSession::on_subscribe(const Frame& frame) {
  const bool is_subscribe = frame.type == PacketType::subscribe;
  FilterPacket packet;
  const auto violation = is_subscribe ? decode_subscribe(frame, version_, packet)
                                      : decode_unsubscribe(frame, version_, packet);
  if (violation) return violate(*violation);
  if (!is_subscribe) {
    return append_suback(output_, version_, PacketType::unsuback, packet.id, packet.filters,
                         Reason::no_subscription_existed);
  }
  const Reason refusal =
      version_ == Version::v5 ? Reason::implementation_specific_error : Reason::unspecified_error;
  append_suback(output_, version_, PacketType::suback, packet.id, packet.filters, refusal);
}

void ServerSession::on_disconnect(const Frame& frame) {
  DisconnectPacket packet;
  if (const auto violation = decode_disconnect(frame, version_, packet)) return violate(*violation);
  if (packet.properties.has(PropertyId::session_expiry)) {
    const std::uint32_t expiry_s = packet.properties.session_expiry_s;
    if (expiry_s != 0 && is_connect_expiry_zero_) {
      return violate({Reason::protocol_error, "a session expiry after CONNECT had none"});
    }
    core_.table.set_expiry(*session_, std::chrono::seconds(expiry_s));
  }
  if (packet.reason == Reason::success) session_->will.reset();
  end({});
}

void ServerSession::settle() {
  if (is_closing_) return;
  if (connack_waits_for_ && core_.feed.is_settled(*connack_waits_for_)) send_connack();
  const std::size_t ended = acks_.take_due(core_.feed, version_, output_);
  in_flight_ -= std::min(in_flight_, ended);
  if (!core_.is_withholding) withheld_bytes_ = 0;
  is_over_bound_ = false;
}

void ServerSession::refuse(Receipt receipt) {
  if (is_closing_) return;
  const bool is_connack_refused = connack_waits_for_ && *connack_waits_for_ <= receipt;
  if (is_connack_refused || acks_.owes_up_to(receipt)) {
    close(Reason::quota_exceeded, "its messages were not stored");
  }
}

void ServerSession::tick() {
  if (is_closing_ || silence_limit_ == Duration::zero()) return;
  if (is_blocked()) return restart_silence();  // the silence is ours
  if (core_.feed.now() - last_packet_ < silence_limit_) return;
  if (session_ != nullptr)
    return violate({Reason::keep_alive_timeout, "silent for longer than its keep-alive"});
  core_.refusals.count(Refusal::connect_timeout);
  is_refused_ = true;
  end("no CONNECT in time");
}

void ServerSession::restart_silence() { last_packet_ = core_.feed.now(); }

void ServerSession::close(Reason reason, std::string_view why) {
  if (is_closing_) return;
  const bool may_tell = session_ != nullptr && !connack_waits_for_ && version_ == Version::v5;
  if (may_tell) append_disconnect(output_, version_, reason);
  core_.touched.push_back(tag_);
  end(why);
}

void ServerSession::violate(const Violation& violation) {
  core_.refusals.count(refusal_of(violation));
  is_refused_ = true;
  if (session_ != nullptr && version_ == Version::v5 && !violation.is_silent) {
    append_disconnect(output_, version_, violation.reason);
  }
  end(violation.what);
}

void ServerSession::end(std::string_view why) {
  is_closing_ = true;
  why_closed_ = why;
  if (session_ == nullptr) return;
  Session& session = *session_;
  session_ = nullptr;
  core_.table.leave(session);
}

}  // namespace sluice::mqtt
