// mqtt-packets: recorded byte sequences between a peer and the broker or client under test.
//
// A row is played against ServerSession or ClientSession. Every message that they hand over counts
// as committed at once, so that acknowledgements appear where the row expects them.
//
// Where the specification leaves the choice to an implementation, answers that mean the same are
// the same (is_same_answer): the rows record what one broker chose.
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/metrics.h"
#include "drivers/mqtt/client_session.h"
#include "drivers/mqtt/packet.h"
#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/server_session.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;
using namespace mqtt;

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 0x0F];
  }
  return hex;
}

PacketType type_of(std::string_view packet) {
  return static_cast<PacketType>(static_cast<unsigned char>(packet.front()) >> 4);
}

// Takes the first packet off `bytes`.
std::string take_packet(std::string& bytes) {
  Frame frame;
  if (read_frame(bytes, 1U << 28, frame) || frame.size == 0) return std::exchange(bytes, {});
  std::string packet = bytes.substr(0, frame.size);
  bytes.erase(0, frame.size);
  return packet;
}

// The codec under test behind one face.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual void receive(std::string_view bytes) = 0;
  virtual std::string take_output() = 0;
  virtual bool is_closed() const = 0;

 protected:
  // Commits what the feed holds.
  static void settle(MessageFeed& feed) {
    if (feed.batch().empty()) return;
    feed.settle(feed.batch().messages().back().receipt);
    feed.batch().clear();
  }
};

// The limits that the recorded broker had: its CONNACK announces them.
MqttLimits recorded_limits() {
  MqttLimits limits;
  limits.max_topic_aliases = 10;
  limits.max_packet_bytes = 2'000'000;
  limits.max_in_flight = 20;
  return limits;
}

class ServerUnderTest final : public Peer {
 public:
  void receive(std::string_view bytes) override {
    input_ += bytes;
    std::size_t used = 0;
    do {
      used = session_.receive(input_);
      input_.erase(0, used);
      settle(core_.feed);
      session_.settle();
    } while (used > 0 && !session_.is_closing());
  }
  std::string take_output() override { return std::exchange(session_.output(), {}); }
  bool is_closed() const override { return session_.is_closing(); }

 private:
  Metrics metrics_;
  Refusals refusals_{metrics_, "conformance"};
  ServerCore core_{recorded_limits(), refusals_, 0};
  ServerSession session_{core_, 0};
  std::string input_;
};

class ClientUnderTest final : public Peer {
 public:
  explicit ClientUnderTest(Version version) : session_(options(), feed_) {
    session_.connect();
    session_.output().clear();
    if (version == Version::v5) return;
    // Only a broker makes the client speak 3.1.1.
    std::string refusal;
    append_connack_refusal(refusal, ReturnCode::unacceptable_protocol_version);
    session_.receive(refusal);
    session_.connect();
    session_.output().clear();
  }
  void receive(std::string_view bytes) override {
    input_ += bytes;
    input_.erase(0, session_.receive(input_));
    settle(feed_);
    session_.settle();
  }
  std::string take_output() override { return std::exchange(session_.output(), {}); }
  bool is_closed() const override { return session_.is_closing(); }

 private:
  static ClientOptions options() {
    ClientOptions options;
    options.client_id = "conformance";
    options.session_expiry = Duration::zero();
    return options;
  }
  MessageFeed feed_;
  ClientSession session_;
  std::string input_;
};

// The packets that begin a connection before the row's own.
std::string prelude(bool is_broker, Version version) {
  std::string bytes;
  if (is_broker) {
    ConnectFields fields;
    fields.version = version;
    fields.is_clean = true;
    fields.keep_alive_s = 60;
    fields.client_id = "conformance-peer";
    fields.receive_maximum = 20;
    fields.maximum_packet_size = 2'000'000;
    append_connect(bytes, fields);
  } else {
    bytes = version == Version::v5 ? from_hex("2003000000") : from_hex("20020000");
  }
  return bytes;
}

// A refusal or a DISCONNECT after a broken rule: where its code stands, or nothing.
std::optional<std::uint8_t> failure_code(std::string_view packet) {
  const bool is_disconnect = type_of(packet) == PacketType::disconnect;
  const std::size_t at = is_disconnect ? 2 : 3;
  if (!is_disconnect && type_of(packet) != PacketType::connack) return std::nullopt;
  if (packet.size() <= at) return std::nullopt;
  return static_cast<std::uint8_t>(packet[at]);
}

// Malformed Packet and Protocol Error: the border between them is not drawn sharply (MQTT
// 5, 4.13.1).
bool is_broken_rule(std::optional<std::uint8_t> code) {
  return code == static_cast<std::uint8_t>(Reason::malformed_packet) ||
         code == static_cast<std::uint8_t>(Reason::protocol_error);
}

// PUBACK and PUBREC say Success, or No Matching Subscribers: the second is a server's free choice.
std::string without_subscriber_count(std::string_view packet) {
  const bool is_answer =
      type_of(packet) == PacketType::puback || type_of(packet) == PacketType::pubrec;
  const bool has_none = is_answer && packet.size() == 5 &&
                        static_cast<Reason>(packet[4]) == Reason::no_matching_subscribers;
  if (!has_none) return std::string(packet);
  std::string plain(packet.substr(0, 4));
  plain[1] = 2;
  return plain;
}

bool is_same_answer(std::string_view expected, std::string_view actual) {
  if (expected == actual) return true;
  if (type_of(expected) != type_of(actual)) return false;
  if (is_broken_rule(failure_code(expected)) && is_broken_rule(failure_code(actual))) return true;
  return without_subscriber_count(expected) == without_subscriber_count(actual);
}

// A closing connection may say why, also where the recorded one did not.
bool is_farewell(std::string_view packet) {
  return type_of(packet) == PacketType::disconnect || failure_code(packet).value_or(0) >= 0x80;
}

// What a row asks of the system under test, for the rules of the declaration.
json needs_of(const json& row) {
  json needs = json::array();
  const bool is_broker = row.at("role_under_test") == "broker";
  for (const json& message : row.at("messages")) {
    if (message.contains("action")) needs.push_back("delivery");
    if (!is_broker || message.value("dir", "") != "from_sut") continue;
    const std::string packet = from_hex(message.at("hex").get<std::string>());
    if (type_of(packet) == PacketType::publish) needs.push_back("delivery");
    if (type_of(packet) != PacketType::suback) continue;
    const Reason last = static_cast<Reason>(static_cast<std::uint8_t>(packet.back()));
    if (!is_failure(last)) needs.push_back("granted_suback");
  }
  return needs;
}

class Player {
 public:
  Player(const json& row, Report& report) : row_(row), report_(report) {}

  void play() {
    const bool is_broker = row_.at("role_under_test") == "broker";
    const auto version = static_cast<Version>(row_.at("protocol_version").get<int>());
    std::unique_ptr<Peer> peer;
    if (is_broker)
      peer = std::make_unique<ServerUnderTest>();
    else
      peer = std::make_unique<ClientUnderTest>(version);

    if (row_.at("prelude_connect").get<bool>() && row_.value("connack", true)) {
      peer->receive(prelude(is_broker, version));
      if (peer->is_closed()) return fail("the prelude was refused");
      peer->take_output();
    }
    for (const json& message : row_.at("messages")) {
      const std::string bytes = from_hex(message.at("hex").get<std::string>());
      if (message.at("dir") == "to_sut") {
        if (!peer->is_closed()) peer->receive(bytes);
        output_ += peer->take_output();
        continue;
      }
      if (output_.empty()) return fail("expected " + to_hex(bytes) + ", got nothing");
      const std::string actual = take_packet(output_);
      if (!is_same_answer(bytes, actual)) {
        return fail("expected " + to_hex(bytes) + ", got " + to_hex(actual));
      }
    }
    check_end(*peer);
  }

 private:
  void check_end(const Peer& peer) {
    const bool must_close = row_.at("expect_disconnect").get<bool>();
    if (must_close && !output_.empty() && is_farewell(output_)) take_packet(output_);
    if (!output_.empty()) return fail("not expected: " + to_hex(output_));
    if (must_close != peer.is_closed()) {
      return fail(must_close ? "the connection should be closed" : "the connection should stay");
    }
    report_.pass();
  }

  void fail(const std::string& why) { report_.fail(row_.at("id").get<std::string>(), why); }

  const json& row_;
  Report& report_;
  std::string output_;
};

}  // namespace

void run_mqtt_packets(const Suite& suite, Report& report) {
  for (const char* file : {"mqtt_broker_sequences.jsonl", "mqtt_client_sequences.jsonl"}) {
    each_row(suite.part_folder() / file, [&](const json& given) {
      json row = given;
      row["needs"] = needs_of(row);
      if (const Rule* rule = suite.declared(row)) return report.not_supported(rule->name);
      Player(row, report).play();
    });
  }
}

}  // namespace sluice::conformance
