#include "drivers/mqtt/client_session.h"

#include <algorithm>
#include <utility>

#include "core/bytes.h"
#include "drivers/mqtt/packet_writer.h"

namespace sluice::mqtt {
namespace {

// The broker stands for all devices behind it: its packet ids are what repeats are told by.
constexpr std::string_view sender = "broker";
constexpr std::string_view subscribed_key = "f";
constexpr std::uint8_t filters_record_version = 1;
constexpr std::uint16_t topic_alias_maximum = 32;
constexpr Duration connack_timeout = std::chrono::seconds(10);
constexpr std::uint16_t subscribe_id = 1;
constexpr std::uint16_t unsubscribe_id = 2;

std::string encode_filters(const std::vector<std::string>& filters) {
  std::string record;
  put_fixed(record, filters_record_version);
  put_varint(record, filters.size());
  for (const std::string& filter : filters) put_text(record, filter);
  return record;
}

bool decode_filters(std::string_view record, std::vector<std::string>& filters) {
  ByteReader in(record);
  if (in.fixed<std::uint8_t>() != filters_record_version) return false;
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count; ++i) filters.emplace_back(in.text());
  if (!in.is_ok()) filters.clear();
  return in.is_ok();
}

}  // namespace

ClientSession::ClientSession(ClientOptions options, MessageFeed& feed)
    : options_(std::move(options)),
      feed_(feed),
      unreleased_(sender, options_.session_expiry > Duration::zero()) {}

std::size_t ClientSession::restore(const SavedState& saved) {
  std::size_t unreadable = 0;
  for (const auto& [key, value] : saved) {
    std::string_view session;
    std::uint16_t id = 0;
    std::uint64_t fingerprint = 0;
    if (key == subscribed_key)
      unreadable += decode_filters(value, subscribed_) ? 0 : 1;
    else if (Unreleased::parse(key, value, session, id, fingerprint))
      unreleased_.restore(id, fingerprint);
    else
      ++unreadable;
  }
  return unreadable;
}

void ClientSession::connect() {
  state_ = State::connecting;
  acks_ = {};
  aliases_ = TopicAliases(topic_alias_maximum);
  unreleased_.start_connection();
  suback_id_ = 0;
  is_subscribed_ = false;
  is_ping_unanswered_ = false;
  is_closing_ = false;
  keep_alive_ = options_.keep_alive;
  last_received_ = last_ping_ = feed_.now();
  output_.clear();
  trouble_.clear();
  ConnectFields fields;
  fields.version = version_;
  fields.is_clean = options_.session_expiry == Duration::zero();
  fields.keep_alive_s = static_cast<std::uint16_t>(
      std::chrono::duration_cast<std::chrono::seconds>(options_.keep_alive).count());
  fields.client_id = options_.client_id;
  fields.user = options_.user;
  fields.password = options_.password;
  fields.session_expiry_s = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(options_.session_expiry).count());
  fields.receive_maximum = options_.receive_maximum;
  fields.maximum_packet_size = static_cast<std::uint32_t>(options_.max_packet_bytes);
  fields.topic_alias_maximum = topic_alias_maximum;
  append_connect(output_, fields);
}

void ClientSession::connection_lost() {
  if (is_closing_) return;
  // Some brokers that know only 3.1.1 close at the sight of MQTT 5; and one that is only starting
  // up must not stay on 3.1.1 for ever, so the versions take turns until there is a CONNACK.
  if (state_ == State::connecting) {
    version_ = version_ == Version::v5 ? Version::v3_1_1 : Version::v5;
  }
  end("the broker closed the connection");
}

std::size_t ClientSession::receive(std::string_view bytes) {
  std::size_t used = 0;
  while (!is_closing_ && used < bytes.size()) {
    Frame frame;
    if (const auto violation = read_frame(bytes.substr(used), options_.max_packet_bytes, frame)) {
      violate(*violation);
      break;
    }
    if (frame.size == 0) break;
    last_received_ = feed_.now();
    handle(frame);
    used += frame.size;
  }
  return used;
}

void ClientSession::handle(const Frame& frame) {
  if ((frame.type == PacketType::connack) != (state_ == State::connecting)) {
    return violate(
        {Reason::protocol_error, "CONNACK is not the broker's first packet, and its only one"});
  }
  switch (frame.type) {
    case PacketType::connack:
      return on_connack(frame);
    case PacketType::publish:
      return on_publish(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return on_ack(frame);
    case PacketType::suback:
    case PacketType::unsuback:
      return on_suback(frame);
    case PacketType::pingresp:
      is_ping_unanswered_ = false;
      if (const auto violation = decode_ping(frame)) violate(*violation);
      return;
    case PacketType::disconnect:
      return on_disconnect(frame);
    default:
      return violate({Reason::protocol_error, "a packet that only a client sends"});
  }
}

void ClientSession::on_connack(const Frame& frame) {
  ConnackPacket packet;
  if (const auto violation = decode_connack(frame, version_, packet)) return violate(*violation);
  const bool is_old_version_refused =
      version_ == Version::v3_1_1 &&
      static_cast<ReturnCode>(packet.reason) == ReturnCode::unacceptable_protocol_version;
  if (packet.reason == Reason::unsupported_protocol_version || is_old_version_refused) {
    version_ = version_ == Version::v5 ? Version::v3_1_1 : Version::v5;
    return end("the broker does not speak this version of MQTT");
  }
  if (packet.reason != Reason::success) {
    end("the broker refused the connection, code " +
        std::to_string(static_cast<unsigned>(packet.reason)));
    if (!packet.properties.reason_string.empty()) {
      trouble_ += ": ";
      trouble_ += packet.properties.reason_string;
    }
    return;
  }
  if (packet.is_session_present && options_.session_expiry == Duration::zero()) {
    return violate(
        {Reason::protocol_error, "a session is present after a clean start"});  // [MQTT-3.2.2-4]
  }
  if (packet.properties.has(PropertyId::assigned_client_id) && !options_.client_id.empty()) {
    return violate({Reason::protocol_error, "the broker renames a client that has a name"});
  }
  if (packet.properties.has(PropertyId::server_keep_alive)) {
    keep_alive_ = std::chrono::seconds(packet.properties.server_keep_alive_s);
  }
  state_ = State::connected;
  subscribe(packet.is_session_present);
}

void ClientSession::subscribe(bool is_session_present) {
  if (!is_session_present) {
    unreleased_.clear(feed_);
    subscribed_.clear();
  }
  is_subscribed_ = subscribed_ == options_.topics;
  if (is_subscribed_) return;
  std::vector<std::string> surplus;
  for (const std::string& filter : subscribed_) {
    if (std::ranges::find(options_.topics, filter) == options_.topics.end())
      surplus.push_back(filter);
  }
  if (!surplus.empty()) append_unsubscribe(output_, version_, unsubscribe_id, surplus);
  std::vector<Subscription> subscriptions;
  subscriptions.reserve(options_.topics.size());
  for (const std::string& filter : options_.topics) subscriptions.push_back({filter, options_.qos});
  append_subscribe(output_, version_, suback_id_ = subscribe_id, subscriptions);
}

void ClientSession::on_suback(const Frame& frame) {
  SubackPacket packet;
  if (const auto violation = decode_suback(frame, version_, packet)) return violate(*violation);
  if (frame.type == PacketType::unsuback) return;
  if (packet.id != suback_id_ || packet.reasons.size() != options_.topics.size()) {
    return violate({Reason::protocol_error, "a SUBACK to no SUBSCRIBE of ours"});
  }
  suback_id_ = 0;
  subscribed_.clear();
  for (std::size_t i = 0; i < packet.reasons.size(); ++i) {
    const auto reason = static_cast<Reason>(static_cast<std::uint8_t>(packet.reasons[i]));
    if (!is_failure(reason)) {
      subscribed_.push_back(options_.topics[i]);
      continue;
    }
    trouble_ = "the broker refused the filter '" + options_.topics[i] + "', code " +
               std::to_string(static_cast<unsigned>(reason));
  }
  is_subscribed_ = subscribed_ == options_.topics;
  remember_subscribed();
}

void ClientSession::remember_subscribed() {
  if (options_.session_expiry == Duration::zero()) return;
  const std::string record = encode_filters(subscribed_);
  feed_.add_change(sender, {subscribed_key, record, false});
}

void ClientSession::on_publish(const Frame& frame) {
  PublishPacket packet;
  if (const auto violation = decode_publish(frame, version_, packet)) return violate(*violation);
  const std::string_view topic = aliases_.resolve(packet);
  if (topic.empty())
    return violate({Reason::topic_alias_invalid, "a topic alias that was not set"});
  take(packet, topic);
}

void ClientSession::take(const PublishPacket& packet, std::string_view topic) {
  if (packet.qos == 2) {
    if (const Unreleased::Entry* const repeat = unreleased_.find_repeat(packet, topic)) {
      acks_.push(repeat->receipt, PacketType::pubrec, packet.id);
      return settle();
    }
  }
  static constexpr Property retained{"retain", "true"};
  Message message;
  message.qos = packet.qos;
  message.number = packet.id;
  message.repeat = packet.qos == 1 && packet.is_duplicate ? Repeat::possible : Repeat::never;
  message.sender = sender;
  message.topic = topic;
  message.content_type = packet.properties.content_type;
  message.payload = packet.payload;
  message.user_properties = user_properties(packet.properties, feed_.batch().arena());
  if (packet.is_retained) message.headers = {&retained, 1};
  switch (packet.qos) {
    case 0:
      feed_.add(message);
      break;
    case 1:
      acks_.push(feed_.add(message), PacketType::puback, packet.id);
      break;
    default:
      acks_.push(unreleased_.receive(packet, topic, message, feed_), PacketType::pubrec, packet.id);
  }
}

// We publish nothing at this broker: only its PUBREL is expected.
void ClientSession::on_ack(const Frame& frame) {
  AckPacket packet;
  if (const auto violation = decode_ack(frame, version_, packet)) return violate(*violation);
  if (frame.type == PacketType::pubrel) {
    acks_.push(unreleased_.release(packet.id, feed_), PacketType::pubcomp, packet.id);
    settle();
  } else if (frame.type == PacketType::pubrec && !is_failure(packet.reason)) {
    append_ack(output_, version_, PacketType::pubrel, packet.id, Reason::success);
  }
}

void ClientSession::on_disconnect(const Frame& frame) {
  DisconnectPacket packet;
  if (const auto violation = decode_disconnect(frame, version_, packet)) return violate(*violation);
  if (version_ == Version::v3_1_1)
    return end("the broker sent a DISCONNECT, which 3.1.1 does not have");
  end("the broker ended the connection, code " +
      std::to_string(static_cast<unsigned>(packet.reason)));
}

void ClientSession::settle() {
  if (is_closing_ || !is_connected()) return;
  acks_.take_due(feed_, version_, output_);
}

void ClientSession::refuse(Receipt receipt) {
  unreleased_.forget_refused(receipt, feed_);
  if (is_closing_ || !acks_.owes_up_to(receipt)) return;
  append_disconnect(output_, version_, Reason::quota_exceeded);
  end("messages were not stored: they are asked for again");
}

void ClientSession::tick() {
  if (is_closing_ || state_ == State::idle) return;
  const Duration silence = feed_.now() - last_received_;
  if (!is_connected()) {
    if (silence >= connack_timeout) end("no CONNACK in time");
    return;
  }
  if (keep_alive_ == Duration::zero()) return;
  if (silence >= keep_alive_ + keep_alive_ / 2) return end("the broker does not answer");
  if (is_ping_unanswered_ || feed_.now() - last_ping_ < keep_alive_ / 2) return;
  last_ping_ = feed_.now();
  is_ping_unanswered_ = true;
  append_ping(output_, PacketType::pingreq);
}

void ClientSession::close() {
  if (is_closing_) return;
  if (is_connected()) append_disconnect(output_, version_, Reason::success);
  end({});
}

void ClientSession::violate(const Violation& violation) {
  if (is_connected() && version_ == Version::v5 && !violation.is_silent) {
    append_disconnect(output_, version_, violation.reason);
  }
  end(violation.what);
}

void ClientSession::end(std::string_view why) {
  is_closing_ = true;
  state_ = State::idle;
  is_subscribed_ = false;
  trouble_ = why;
}

}  // namespace sluice::mqtt
