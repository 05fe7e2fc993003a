// MqttListener: devices connect straight to the gateway; no broker is needed.
//
//   devices --TCP--> one thread: epoll, ServerSession --MessageBatch--> Intake
//                        '---- PUBACK ... <-- settle(receipt) from the engine, all due ones at once
//
// MQTT 3.1.1 and 5, QoS 0, 1 and 2. A message is acknowledged only after the engine has settled it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "drivers/mqtt/limits.h"
#include "drivers/mqtt/mailbox.h"
#include "drivers/mqtt/status_board.h"
#include "drivers/source.h"

namespace sluice {

namespace mqtt {
class ListenerLoop;
}

struct MqttListenerConfig {
  std::vector<std::string> listen = {"mqtt://127.0.0.1:1883"};  // numeric addresses, or localhost
  // Anyone may connect from anywhere. Without it only loopback addresses are listened on.
  bool anonymous = false;
  MqttLimits limits;
};
//   bad_config  an address is wrong, or not a loopback address without `anonymous`; a limit is out
//   of
//               its range
Result<void> validate(const MqttListenerConfig& config);

class MqttListener final : public Source {
 public:
  // `config` must be valid.
  MqttListener(MqttListenerConfig config, SourceContext context);
  ~MqttListener() override;

  Result<void> start(const SavedState& saved) override;
  void settle(Receipt receipt, Outcome outcome) override { mailbox_.settle(receipt, outcome); }
  void resume() override { mailbox_.resume(); }
  void pause() override { mailbox_.pause(); }
  void stop_intake() override { mailbox_.stop_intake(); }
  SourceStatus status() const override;

 private:
  const MqttListenerConfig config_;
  const SourceContext context_;
  mqtt::Mailbox mailbox_;
  mqtt::StatusBoard board_;
  std::unique_ptr<mqtt::ListenerLoop> loop_;  // belongs to thread_ once that runs
  std::thread thread_;
};

}  // namespace sluice
