// MqttSubscriber: takes messages from an existing broker.
//
//   broker --TCP--> one thread: ClientSession --MessageBatch--> Intake
//             '---- PUBACK ... <-- settle(receipt) from the engine
//
// A persistent session: what was published while the gateway was away, or not acknowledged when the
// connection broke, comes again. The promise that nothing is lost begins with our acknowledgement
// to the broker; what the broker itself keeps through a crash is the broker's (see README.md).
#pragma once

#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "drivers/mqtt/mailbox.h"
#include "drivers/mqtt/status_board.h"
#include "drivers/source.h"

namespace sluice {

namespace mqtt {
class SubscriberLoop;
}

struct MqttSubscriberConfig {
  std::string url;  // mqtt://host:port
  std::vector<std::string>
      topics;  // filters; "$share/group/filter" shares them with other gateways
  std::uint8_t qos = 1;
  std::string client_id;  // empty: sluice-<gateway name>-<source name>
  std::string user;
  std::string password;
  Duration keep_alive = std::chrono::seconds(30);
  // How long the broker keeps what it has for us while we are away (MQTT 5; 3.1.1 brokers have
  // their own bound). Zero: no session, only what is published while we are connected.
  Duration session_expiry = std::chrono::hours(24);
  std::uint16_t receive_maximum = 65'535;
  std::size_t max_packet_bytes = std::size_t{128} * 1024;
  Duration first_retry = std::chrono::seconds(1);
  Duration longest_retry = std::chrono::minutes(1);
};
//   bad_config  the address, a filter or a bound is wrong
Result<void> validate(const MqttSubscriberConfig& config);

class MqttSubscriber final : public Source {
 public:
  // `config` must be valid; `gateway` is the gateway's name; `seed` is for the jitter of its
  // retries.
  MqttSubscriber(MqttSubscriberConfig config, SourceContext context, std::string_view gateway,
                 std::uint64_t seed = std::random_device{}());
  ~MqttSubscriber() override;

  Result<void> start(const SavedState& saved) override;
  void settle(Receipt receipt, Outcome outcome) override { mailbox_.settle(receipt, outcome); }
  void resume() override { mailbox_.resume(); }
  void pause() override { mailbox_.pause(); }
  void stop_intake() override { mailbox_.stop_intake(); }
  SourceStatus status() const override { return board_.read(); }

 private:
  const MqttSubscriberConfig config_;
  const SourceContext context_;
  const std::uint64_t seed_;
  mqtt::Mailbox mailbox_;
  mqtt::StatusBoard board_;
  std::unique_ptr<mqtt::SubscriberLoop> loop_;  // belongs to thread_ once that runs
  std::thread thread_;
};

}  // namespace sluice
