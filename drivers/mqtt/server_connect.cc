// ServerSession: the part from CONNECT to CONNACK.
#include <algorithm>
#include <array>
#include <charconv>

#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/server_session.h"
#include "drivers/mqtt/text.h"

namespace sluice::mqtt {

void ServerSession::on_connect(const Frame& frame) {
  ConnectPacket packet;
  if (const auto violation = decode_connect(frame, packet))
    return refuse_connect(*violation, packet.version);
  version_ = packet.version;
  if (!packet.is_supported) {
    // 3 and 4 are read by the clients that send them; any other is answered in the newest form.
    core_.refusals.count(Refusal::protocol_version);
    is_refused_ = true;
    if (packet.level == 3 || packet.level == 4)
      append_connack_refusal(output_, ReturnCode::unacceptable_protocol_version);
    else
      append_connack_refusal(output_, Reason::unsupported_protocol_version);
    return end("an MQTT version that is not supported");
  }
  if (packet.properties.has(PropertyId::authentication_method)) {
    return refuse_connect(
        {Reason::bad_authentication_method, "enhanced authentication is not offered"}, version_);
  }
  const bool is_kept_without_name = version_ == Version::v3_1_1 && packet.client_id.empty() &&
                                    !packet.is_clean;  // [MQTT-3.1.3-8]
  if (is_kept_without_name || packet.client_id.size() > core_.limits.max_client_id_bytes) {
    return refuse_connect(
        {Reason::client_identifier_not_valid, "the client identifier is too long, or missing"},
        version_);
  }
  accept(packet);
}

// 3.1.1 has return codes for few reasons; for the others the connection closes without a word
// [MQTT 3.1.1, MQTT-3.1.4-1].
void ServerSession::refuse_connect(const Violation& violation, Version version) {
  core_.refusals.count(refusal_of(violation));
  is_refused_ = true;
  if (violation.is_silent) return end(violation.what);
  if (version == Version::v5) {
    append_connack_refusal(output_, violation.reason);
  } else if (violation.reason == Reason::client_identifier_not_valid) {
    append_connack_refusal(output_, ReturnCode::identifier_rejected);
  } else if (violation.reason == Reason::server_unavailable) {
    append_connack_refusal(output_, ReturnCode::server_unavailable);
  }
  end(violation.what);
}

void ServerSession::accept(const ConnectPacket& packet) {
  ConnackFields fields;
  std::string assigned;
  std::string_view client_id = packet.client_id;
  if (client_id.empty()) {
    assigned = assign_client_id();
    client_id = fields.assigned_client_id = assigned;
  } else if (Session* const taken_over = core_.table.find(client_id)) {
    if (taken_over->owner != nullptr) {
      taken_over->owner->close(Reason::session_taken_over,
                               "another connection has taken its client id");
    }
  }

  const Duration forever = core_.limits.max_session_expiry;
  Duration wanted = packet.is_clean ? Duration::zero() : forever;
  if (version_ == Version::v5) wanted = std::chrono::seconds(packet.properties.session_expiry_s);
  is_connect_expiry_zero_ = wanted == Duration::zero();
  const SessionTable::Opened opened = core_.table.open(client_id, packet.is_clean, wanted);
  if (opened.session == nullptr) {
    return refuse_connect({Reason::server_unavailable, "there are too many sessions"}, version_);
  }
  session_ = opened.session;
  session_->owner = this;
  client_id_ = client_id;
  keep_will(packet);

  client_max_packet_ = packet.properties.maximum_packet_size;
  fields.is_session_present = opened.is_present;
  fields.topic_alias_maximum = core_.limits.max_topic_aliases;
  fields.maximum_packet_size = static_cast<std::uint32_t>(core_.limits.max_packet_bytes);
  fields.receive_maximum = core_.limits.max_in_flight;
  if (session_->expiry != wanted) {
    fields.has_session_expiry = true;
    fields.session_expiry_s = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(session_->expiry).count());
  }
  const Duration keep_alive = choose_keep_alive(packet, fields);
  silence_limit_ = keep_alive + keep_alive / 2;  // [MQTT-3.1.2-22]
  append_connack(connack_, version_, fields);
  connack_waits_for_ = session_->last_change;
  if (core_.feed.is_settled(*connack_waits_for_)) send_connack();
}

void ServerSession::keep_will(const ConnectPacket& packet) {
  session_->will.reset();
  if (!packet.has_will) return;
  auto will = std::make_unique<Will>();
  will->topic = packet.will.topic;
  will->payload = packet.will.payload;
  will->content_type = packet.will.properties.content_type;
  will->delay = std::chrono::seconds(packet.will.properties.will_delay_s);
  Arena arena(1024);
  for (const Property& property : user_properties(packet.will.properties, arena)) {
    will->user_properties.emplace_back(property.name, property.value);
  }
  session_->will = std::move(will);
}

std::string ServerSession::assign_client_id() {
  std::array<char, 16> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), core_.assigned_id_seed, 16);
  return "anonymous-" + std::string(digits.data(), end) + "-" +
         std::to_string(++core_.assigned_ids);
}

Duration ServerSession::choose_keep_alive(const ConnectPacket& packet, ConnackFields& fields) {
  const Duration wanted = std::chrono::seconds(packet.keep_alive_s);
  const Duration longest = core_.limits.max_keep_alive;
  if (version_ != Version::v5 || (wanted > Duration::zero() && wanted <= longest)) return wanted;
  fields.server_keep_alive_s = static_cast<std::uint16_t>(std::min<std::int64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(longest).count(), 65'535));
  return std::chrono::seconds(fields.server_keep_alive_s);
}

void ServerSession::send_connack() {
  connack_waits_for_.reset();
  if (client_max_packet_ != 0 && connack_.size() > client_max_packet_) {
    return violate({Reason::packet_too_large, "the client cannot take even a CONNACK", true});
  }
  output_ += connack_;
  connack_.clear();
  connack_.shrink_to_fit();
}

}  // namespace sluice::mqtt
