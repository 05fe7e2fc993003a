// Fuzz target: the MQTT cores. The first byte chooses the version, and server or client; the others
// are what the peer sends after the handshake.
//
// Besides not crashing: the same bytes give the same answers in one piece and byte by byte, and no
// QoS 1 or 2 message is acknowledged before it is settled.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/metrics.h"
#include "core/result.h"
#include "drivers/mqtt/client_session.h"
#include "drivers/mqtt/packet.h"
#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/server_session.h"

namespace sluice::mqtt {
namespace {

struct Outcome {
  std::string answers;
  std::size_t messages = 0;
  bool is_closed = false;

  bool operator==(const Outcome&) const = default;
};

// Feeds `session` in pieces of `step` bytes, as a source does: what is not used comes again.
template <typename Session>
Outcome feed_all(Session& session, MessageFeed& feed, std::string_view bytes, std::size_t step) {
  std::string input;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    input += piece;
    input.erase(0, session.receive(input));
  }
  return {std::exchange(session.output(), {}), feed.batch().messages().size(),
          session.is_closing()};
}

bool has_puback(std::string_view answers) {
  while (!answers.empty()) {
    Frame frame;
    if (read_frame(answers, answers.size(), frame) || frame.size == 0) return false;
    const bool is_refusal =
        frame.body.size() > 2 &&
        is_failure(static_cast<Reason>(static_cast<std::uint8_t>(frame.body[2])));
    if (frame.type == PacketType::puback && !is_refusal) return true;
    answers.remove_prefix(frame.size);
  }
  return false;
}

Outcome run_server(Version version, std::string_view bytes, std::size_t step) {
  Metrics metrics;
  Refusals refusals(metrics, "fuzz");
  MqttLimits limits;
  limits.max_in_flight = 30'000;  // more than the input can hold: nothing waits for a settlement
  ServerCore core(limits, refusals, 0);
  ServerSession session(core, 0);
  std::string connect;
  ConnectFields fields;
  fields.version = version;
  fields.is_clean = true;
  fields.client_id = "fuzz";
  fields.receive_maximum = 1;
  fields.maximum_packet_size = 1'000'000;
  append_connect(connect, fields);
  CHECK(session.receive(connect) == connect.size());
  session.output().clear();
  Outcome outcome = feed_all(session, core.feed, bytes, step);
  CHECK(!has_puback(outcome.answers));
  if (outcome.messages > 0) core.feed.settle(core.feed.batch().messages().back().receipt);
  session.settle();
  outcome.answers += session.output();
  return outcome;
}

// Without the handshake: CONNECT itself is what is fuzzed.
Outcome run_stranger(std::string_view bytes, std::size_t step) {
  Metrics metrics;
  Refusals refusals(metrics, "fuzz");
  ServerCore core(MqttLimits{}, refusals, 0);
  ServerSession session(core, 0);
  return feed_all(session, core.feed, bytes, step);
}

Outcome run_client(std::string_view bytes, std::size_t step) {
  MessageFeed feed;
  ClientOptions options;
  options.client_id = "fuzz";
  options.topics = {"#"};
  ClientSession session(options, feed);
  session.connect();
  session.output().clear();
  Outcome outcome = feed_all(session, feed, bytes, step);
  CHECK(!has_puback(outcome.answers));
  if (outcome.messages > 0) feed.settle(feed.batch().messages().back().receipt);
  session.settle();
  outcome.answers += session.output();
  return outcome;
}

Outcome run(unsigned mode, std::string_view bytes, std::size_t step) {
  switch (mode % 4) {
    case 0:
      return run_server(Version::v3_1_1, bytes, step);
    case 1:
      return run_server(Version::v5, bytes, step);
    case 2:
      return run_stranger(bytes, step);
    default:
      return run_client(bytes, step);
  }
}

}  // namespace
}  // namespace sluice::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 16'384) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = sluice::mqtt::run(data[0], bytes, bytes.size());
  const auto in_pieces = sluice::mqtt::run(data[0], bytes, 1);
  CHECK(whole == in_pieces);
  return 0;
}
