#include "drivers/mqtt/sink/mqtt_sink_config.h"

#include <random>

#include "config/fields.h"
#include "drivers/mqtt/sink/broker_address.h"
#include "drivers/mqtt/text.h"

namespace sluice {
namespace {

constexpr std::size_t max_text_bytes = 65'535;  // of any text in MQTT, section 1.5.4

// Beside other connections of the process Paho notices a new one's progress only once a second, so
// that one needs two seconds even next door.
constexpr Duration shortest_connect_timeout = std::chrono::seconds(5);

Result<void> check_url(const std::string& url) {
  TRY(mqtt::parse_broker_address(url));
  return {};
}

Result<void> check_topic(const std::string& topic) {
  if (topic.size() <= max_text_bytes && mqtt::is_text(topic) && mqtt::topic_levels(topic) > 0) {
    return {};
  }
  return Error{ErrorKind::bad_config,
               "'" + topic + "' must be a topic name, without '+', '#' and control characters"};
}

Result<void> check_text(const std::string& text) {
  if (text.size() <= max_text_bytes && mqtt::is_text(text)) return {};
  return Error{ErrorKind::bad_config,
               "must be UTF-8 without control characters, at most 65535 bytes"};
}

}  // namespace

void describe(Fields<MqttSinkConfig>& fields) {
  using namespace std::chrono_literals;
  fields.required("url", &MqttSinkConfig::url, "Broker to publish at; mqtts:// is over TLS.")
      .checked_by(check_url, "mqtt://host:port or mqtts://host:port")
      .required("topic", &MqttSinkConfig::topic, "Topic that all batches are published to.")
      .checked_by(check_topic, "a topic name without wildcards")
      .optional("client_id", &MqttSinkConfig::client_id,
                "Name to connect under. One that another client uses too makes the broker close "
                "both in turn.")
      .checked_by(check_text)
      .default_shown_as("sluice- and eight random digits")
      .optional("username", &MqttSinkConfig::username, "User to connect as.")
      .checked_by(check_text)
      .optional("password", &MqttSinkConfig::password, "Sent with the user's name.")
      .optional("keep_alive", &MqttSinkConfig::keep_alive, "Ping the broker after this silence.")
      .between(1s, 18h)
      .optional("timeout", &MqttSinkConfig::timeout,
                "Give up on an acknowledgement after this long, reconnect, and try again.")
      .between(1s, 1h)
      .optional("connect_timeout", &MqttSinkConfig::connect_timeout,
                "Give up on a connection after this long.")
      .between(shortest_connect_timeout, 10min)
      .optional("max_in_flight", &MqttSinkConfig::max_in_flight,
                "Batches that may wait for an acknowledgement at a time. Always fewer than the "
                "broker's Receive Maximum.")
      .between(1, 100)
      .optional("ca_file", &MqttSinkConfig::ca_file,
                "Certificates to trust; without it the system's.")
      .ensure(
          [](const MqttSinkConfig& config) {
            return !config.password.is_set() || !config.username.empty();
          },
          "'password' needs 'username'");
}

std::string default_client_id() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> digit(0, 15);
  std::string name = "sluice-";
  for (int i = 0; i < 8; ++i) name += digits[digit(random)];
  return name;
}

}  // namespace sluice
