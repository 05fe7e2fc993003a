// What can be said of an MQTT sink in the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "config/secret.h"
#include "core/clock.h"

namespace sluice {

template <typename T>
class Fields;

struct MqttSinkConfig {
  std::string url;
  std::string topic;
  std::string client_id;  // empty: see default_client_id()
  std::string username;   // empty: none
  Secret password;
  Duration keep_alive = std::chrono::seconds(60);
  Duration timeout = std::chrono::seconds(30);
  Duration connect_timeout = std::chrono::seconds(10);
  std::int64_t max_in_flight = 10;
  std::string ca_file;  // empty: the system's
};
void describe(Fields<MqttSinkConfig>& fields);

// "sluice-" and eight random hexadecimal digits: no two gateways push each other out of a broker by
// having one name.
std::string default_client_id();

}  // namespace sluice
