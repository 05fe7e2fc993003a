#include "drivers/mqtt/subscriber.h"

#include <utility>

#include "drivers/mqtt/endpoint.h"
#include "drivers/mqtt/subscriber_loop.h"
#include "drivers/mqtt/text.h"

namespace sluice {
namespace {

constexpr Duration longest_keep_alive = std::chrono::seconds(65'535);
constexpr Duration longest_expiry = std::chrono::seconds(0xFFFF'FFFF);
constexpr std::size_t longest_text = 65'535;

MqttSubscriberConfig with_client_id(MqttSubscriberConfig config, std::string_view gateway,
                                    std::string_view source) {
  if (!config.client_id.empty()) return config;
  config.client_id = "sluice-";
  config.client_id += gateway;
  config.client_id += '-';
  config.client_id += source;
  return config;
}

}  // namespace

Result<void> validate(const MqttSubscriberConfig& config) {
  const auto refuse = [](std::string message) {
    return Error{ErrorKind::bad_config, std::move(message)};
  };
  const mqtt::Endpoint endpoint = TRY(mqtt::parse_endpoint(config.url));
  if (endpoint.port == 0) return refuse("'" + config.url + "': the port is missing");
  if (config.topics.empty()) return refuse("there is no topic to subscribe to");
  for (const std::string& filter : config.topics) {
    if (mqtt::is_text(filter) && mqtt::is_topic_filter(filter)) continue;
    return refuse("'" + filter +
                  "' is not a topic filter: '+' stands for one whole level, '#' for all " +
                  "levels at the end");
  }
  if (config.qos > 2) return refuse("qos is 0, 1 or 2");
  if (!mqtt::is_text(config.client_id) || config.client_id.size() > longest_text) {
    return refuse("client_id is not a text of at most 65535 bytes");
  }
  if (!config.password.empty() && config.user.empty()) return refuse("a password needs a user");
  if (config.keep_alive < Duration::zero() || config.keep_alive > longest_keep_alive) {
    return refuse("keep_alive must be at most 65535s");
  }
  if (config.session_expiry < Duration::zero() || config.session_expiry > longest_expiry) {
    return refuse("session_expiry is out of range");
  }
  if (config.receive_maximum == 0) return refuse("receive_maximum must be at least 1");
  return {};
}

MqttSubscriber::MqttSubscriber(MqttSubscriberConfig config, SourceContext context,
                               std::string_view gateway, std::uint64_t seed)
    : config_(with_client_id(std::move(config), gateway, context.name)),
      context_(std::move(context)),
      seed_(seed) {}

MqttSubscriber::~MqttSubscriber() {
  mailbox_.end();
  if (thread_.joinable()) thread_.join();
}

Result<void> MqttSubscriber::start(const SavedState& saved) {
  TRY(validate(config_));
  const mqtt::Endpoint broker = TRY(mqtt::parse_endpoint(config_.url));
  loop_ =
      std::make_unique<mqtt::SubscriberLoop>(config_, broker, context_, mailbox_, board_, seed_);
  loop_->restore(saved);
  thread_ = std::thread([this] { loop_->run(); });
  return {};
}

}  // namespace sluice
