#include "tests/unit/firmware-sim/node/model_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace sluice {

NodePort ModelWorld::port() {
  NodePort port{};
  port.context = this;
  port.now_ms = [](void* context) {
    const auto* world = static_cast<ModelWorld*>(context);
    return world->now_ms - world->device_offset_ms;
  };
  port.send = [](void* context, const std::uint8_t* bytes, std::size_t size) {
    return static_cast<ModelWorld*>(context)->send(
        size == 0 ? Bytes() : Bytes(reinterpret_cast<const char*>(bytes), size));
  };
  port.receive = [](void* context, std::uint8_t* bytes, std::size_t room) {
    return static_cast<ModelWorld*>(context)->receive(bytes, room);
  };
  port.random = [](void* context) {
    return static_cast<std::uint32_t>(
        static_cast<ModelWorld*>(context)->random.below(std::uint64_t{1} << 32));
  };
  port.store = [](void* context, NodeStoreAction action, std::uint8_t* bytes, std::size_t size) {
    auto& saved = static_cast<ModelWorld*>(context)->saved_;
    if (action == node_store_save) {
      saved = Bytes(reinterpret_cast<const char*>(bytes), size);
    } else if (saved) {
      std::memcpy(bytes, saved->data(), size);
    }
    return saved.has_value();
  };
  return port;
}

std::uint64_t ModelWorld::next_event_ms() const {
  std::uint64_t next = UINT64_MAX;
  if (!to_gateway_.empty()) next = to_gateway_.begin()->first;
  if (!to_device_.empty()) next = std::min(next, to_device_.begin()->first);
  return next;
}

void ModelWorld::expect(bool is_right, const char* what) {
  if (is_right) return;
  ++violations;
  ADD_FAILURE() << what;
}

void ModelWorld::take_report(std::string_view payload) {
  const Timestamp at{std::chrono::milliseconds(1'700'000'000'000 + now_ms)};
  const ReadReport report = read_report(payload, format_, "dev-7", channels_, at);
  expect(!report.readings.empty(), "a report without a reading");
  for (const ReadReading& reading : report.readings) {
    const auto [known, is_new] = received.readings.emplace(reading.id, reading.values);
    expect(is_new || known->second == reading.values, "the same identity, other values");
  }
  if (report.dropped && !report.readings.empty()) {
    std::uint32_t& told = received.dropped[report.readings.back().id.boot];
    told = std::max(told, *report.dropped);
  }
}

// --- CoAP, read by hand ---

namespace {

std::uint8_t byte_at(const Bytes& bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes.at(at));
}

Bytes coap_packet(unsigned type, unsigned code, const Bytes& message_id, const Bytes& token) {
  Bytes packet;
  packet += static_cast<char>(0x40 | type << 4 | token.size());
  packet += static_cast<char>(code);
  return packet + message_id + token;
}

}  // namespace

void CoapWorld::transmit(std::multimap<std::uint64_t, Bytes>& way, const Bytes& bytes) {
  if (!random.is_true(weather.loss_percent)) way.emplace(delay(), bytes);
  if (random.is_true(weather.repeat_percent)) way.emplace(delay(), bytes);
}

NodeSent CoapWorld::send(Bytes bytes) {
  if (random.is_true(weather.refuse_percent / 2)) return node_sent_busy;
  transmit(to_gateway_, bytes);
  return node_sent;
}

std::int32_t CoapWorld::receive(std::uint8_t* bytes, std::size_t room) {
  const auto first = to_device_.begin();
  if (first == to_device_.end() || first->first > now_ms) return 0;
  const std::size_t size = std::min(first->second.size(), room);
  std::copy_n(first->second.begin(), size, bytes);
  to_device_.erase(first);
  return static_cast<std::int32_t>(size);
}

void CoapWorld::run() {
  while (!to_gateway_.empty() && to_gateway_.begin()->first <= now_ms) {
    const Bytes bytes = to_gateway_.begin()->second;
    to_gateway_.erase(to_gateway_.begin());
    take_datagram(bytes);
  }
}

void CoapWorld::take_datagram(const Bytes& bytes) {
  if (byte_at(bytes, 1) == 0) return;  // an ACK or RST for our separate response
  expect(byte_at(bytes, 0) == 0x44 && byte_at(bytes, 1) == 2, "no confirmable POST");
  const Bytes key = bytes.substr(2, 6);
  const auto known = requests_.find(key);
  if (known != requests_.end()) {
    expect(known->second == bytes, "a repeat that is none");
  } else {
    requests_[key] = bytes;
    answer_request(bytes);
  }
  for (const Bytes& answer : answers_[key]) transmit(to_device_, answer);
}

void CoapWorld::answer_request(const Bytes& bytes) {
  const Bytes id = bytes.substr(2, 2);
  const Bytes token = bytes.substr(4, 4);
  std::vector<Bytes>& answers = answers_[bytes.substr(2, 6)];
  if (random.is_true(weather.refuse_percent)) {
    constexpr unsigned codes[] = {0xA3, 0x84, 0xA0, 0};
    const unsigned code = codes[random.index(4)];
    answers.push_back(code == 0 ? coap_packet(3, 0, id, "") : coap_packet(2, code, id, token));
    if (code == 0xA3) answers.back() += "\xD1\x01\x05";  // Max-Age 5
    return;
  }
  const bool is_separate = random.is_true(weather.separate_percent);
  if (is_separate && random.is_true(weather.refuse_percent)) {
    // A gateway that promises an answer and dies has stored nothing.
    answers.push_back(coap_packet(2, 0, id, ""));
    return;
  }
  // Uri-Path "p", Content-Format, then the payload.
  expect(bytes.substr(8, 2) == "\xB1p", "not the path");
  take_report(std::string_view(bytes).substr(bytes.find('\xFF', 10) + 1));
  const Bytes time = random.is_true(10) ? "\xFF" + std::to_string(1'700'000'000'000 + now_ms) : "";
  if (!is_separate) {
    answers.push_back(coap_packet(2, 0x44, id, token) + time);
    return;
  }
  const Bytes own_id{static_cast<char>(message_id_ >> 8), static_cast<char>(message_id_)};
  ++message_id_;
  answers.push_back(coap_packet(2, 0, id, ""));
  answers.push_back(coap_packet(random.is_true(50) ? 0 : 1, 0x44, own_id, token) + time);
}

// --- MQTT, read by hand ---

void MqttWorld::cut() {
  is_connected_ = is_agreed_ = false;
  has_ended_ = true;
  to_gateway_.clear();
  to_device_.clear();
  puback_under_way_.reset();
}

void MqttWorld::device_was_reset() {
  cut();
  has_ended_ = false;
  // The device has lost its packet ids with its memory, which the standard does not foresee: what
  // it publishes next is new.
  unacknowledged_.clear();
}

NodeSent MqttWorld::send(Bytes bytes) {
  if (bytes.empty()) {
    cut();
    has_ended_ = false;
    return node_sent;
  }
  if (has_ended_) {
    has_ended_ = false;
    return node_sent_closed;
  }
  if (random.is_true(weather.refuse_percent / 2)) return node_sent_busy;
  if (!is_connected_) {
    is_connected_ = true;
    sent_here_.clear();
    last_arrival_ms_ = last_departure_ms_ = now_ms;
    expect((byte_at(bytes, 0) & 0xF0) == 0x10, "a connection that does not begin with CONNECT");
  }
  last_arrival_ms_ = std::max(last_arrival_ms_, delay());
  to_gateway_.emplace(last_arrival_ms_, std::move(bytes));
  return node_sent;
}

std::int32_t MqttWorld::receive(std::uint8_t* bytes, std::size_t room) {
  if (has_ended_) {
    has_ended_ = false;
    return -1;
  }
  const auto first = to_device_.begin();
  if (first == to_device_.end() || first->first > now_ms) return 0;
  // In pieces, as streams come.
  const std::size_t size = std::min(random.count(1, first->second.size()), room);
  std::copy_n(first->second.begin(), size, bytes);
  if (size < first->second.size()) {
    first->second.erase(0, size);
    return static_cast<std::int32_t>(size);
  }
  to_device_.erase(first);
  if (puback_under_way_ && to_device_.empty()) {
    unacknowledged_.erase(*puback_under_way_);
    puback_under_way_.reset();
  }
  return static_cast<std::int32_t>(size);
}

void MqttWorld::reply(const Bytes& bytes) {
  last_departure_ms_ = std::max(last_departure_ms_, delay());
  to_device_.emplace(last_departure_ms_, bytes);
}

void MqttWorld::run() {
  while (!to_gateway_.empty() && to_gateway_.begin()->first <= now_ms) {
    const Bytes packet = to_gateway_.begin()->second;
    to_gateway_.erase(to_gateway_.begin());
    if (random.is_true(weather.cut_percent)) return cut();
    take_packet(packet);
    if (random.is_true(weather.cut_percent)) return cut();
  }
}

void MqttWorld::take_packet(const Bytes& packet) {
  switch (byte_at(packet, 0) & 0xF0) {
    case 0x10: {
      if (random.is_true(weather.forget_percent)) has_session_ = false;
      const Bytes connack{'\x20', '\x02', has_session_ ? '\x01' : '\x00', '\x00'};
      told_session_ = has_session_;
      if (!has_session_) unacknowledged_.clear();
      has_session_ = is_agreed_ = true;
      return reply(connack);
    }
    case 0x30:
      return take_publish(packet);
    case 0xC0:
      return reply({'\xD0', '\x00'});
    default:
      expect(false, "a packet that a publisher does not send");
  }
}

void MqttWorld::take_publish(const Bytes& packet) {
  expect(is_agreed_, "a PUBLISH before CONNACK");
  const std::size_t body = (byte_at(packet, 1) & 128) != 0 ? 3 : 2;
  expect(packet.substr(body, 3) == Bytes("\0\1p", 3), "not the topic");
  const auto id =
      static_cast<std::uint16_t>(byte_at(packet, body + 3) << 8 | byte_at(packet, body + 4));
  expect(id != 0, "packet id 0");
  const bool is_dup = (byte_at(packet, 0) & 8) != 0;
  const Bytes content = packet.substr(1);
  // Sent again only over a new connection (section 4.4).
  expect(sent_here_.insert(id).second || !unacknowledged_.contains(id),
         "sent twice over one connection");
  const auto known = unacknowledged_.find(id);
  if (is_dup) {
    // DUP may also stand on a message that never got here: it was lost with its connection.
    expect(told_session_, "DUP though the session was lost");
    expect(known == unacknowledged_.end() || known->second == content, "DUP with other content");
  } else {
    expect(known == unacknowledged_.end(), "a repeat without DUP");
  }
  unacknowledged_[id] = content;
  take_report(std::string_view(packet).substr(body + 5));
  reply({'\x40', '\x02', packet[body + 3], packet[body + 4]});
  puback_under_way_ = id;
}

}  // namespace sluice
