#include "firmware-sim/upstream/mqtt_upstream.h"

#include <mqtt/async_client.h>

#include <mutex>
#include <utility>

namespace sluice::sim {
namespace {

constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";

std::string user_property(const mqtt::message& message, std::string_view name) {
  const mqtt::properties& properties = message.get_properties();
  const std::size_t count = properties.count(mqtt::property::USER_PROPERTY);
  for (std::size_t i = 0; i < count; ++i) {
    const auto [key, value] =
        mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i);
    if (key == name) return value;
  }
  return {};
}

class PahoUpstream final : public MqttUpstream {
 public:
  PahoUpstream(const Endpoint& broker, std::string topic_filter)
      : topic_filter_(std::move(topic_filter)),
        client_("tcp://" + broker.authority(), "sluice-receiver",
                mqtt::create_options(MQTTVERSION_5)) {
    client_.set_connected_handler(
        [this](const std::string&) { client_.subscribe(topic_filter_, 1); });
    client_.set_message_callback(
        [this](const mqtt::const_message_ptr& message) { keep(*message); });
  }

  ~PahoUpstream() override {
    try {
      client_.disable_callbacks();
      if (client_.is_connected()) client_.disconnect()->wait_for(std::chrono::seconds(2));
    } catch (const mqtt::exception&) {
      // The broker went first.
    }
  }

  Result<void> connect() {
    auto options = mqtt::connect_options_builder()
                       .mqtt_version(MQTTVERSION_5)
                       .clean_start(false)
                       .properties({{mqtt::property::SESSION_EXPIRY_INTERVAL, 3600}})
                       .automatic_reconnect(std::chrono::seconds(1), std::chrono::seconds(4))
                       .finalize();
    try {
      if (client_.connect(options)->wait_for(std::chrono::seconds(10))) return {};
    } catch (const mqtt::exception& exception) {
      return Error{ErrorKind::try_later, std::string("the broker: ") + exception.what()};
    }
    return Error{ErrorKind::try_later, "the broker does not answer"};
  }

  std::vector<MqttBatch> take() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(batches_, {});
  }

 private:
  void keep(const mqtt::message& message) {
    MqttBatch batch{message.get_payload_str(), user_property(message, "content-encoding"),
                    user_property(message, "idempotency-key")};
    if (batch.encoding.empty() && batch.body.starts_with(zstd_magic)) batch.encoding = "zstd";
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
  }

  std::string topic_filter_;
  std::mutex mutex_;
  std::vector<MqttBatch> batches_;  // guarded by mutex_
  mqtt::async_client client_;
};

}  // namespace

Result<std::unique_ptr<MqttUpstream>> MqttUpstream::open(const Endpoint& broker,
                                                         const std::string& topic_filter) {
  auto upstream = std::make_unique<PahoUpstream>(broker, topic_filter);
  TRY(upstream->connect());
  return std::unique_ptr<MqttUpstream>(std::move(upstream));
}

}  // namespace sluice::sim
