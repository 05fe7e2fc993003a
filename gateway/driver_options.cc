#include "gateway/driver_options.h"

#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "drivers/coap/module.h"
#include "drivers/mqtt/listener.h"
#include "drivers/mqtt/subscriber.h"
#include "gateway/missing_module.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

struct MqttLimitOptions {
  std::int64_t max_connections = static_cast<std::int64_t>(MqttLimits{}.max_connections);
  ByteSize max_packet{MqttLimits{}.max_packet_bytes};
  std::int64_t max_in_flight = MqttLimits{}.max_in_flight;
  Duration connect_timeout = MqttLimits{}.connect_timeout;
  Duration max_keep_alive = MqttLimits{}.max_keep_alive;
  Duration max_session_expiry = MqttLimits{}.max_session_expiry;
};
void describe(Fields<MqttLimitOptions>& fields) {
  fields
      .optional("max_connections", &MqttLimitOptions::max_connections,
                "Devices connected at a time.")
      .between(1, 100'000)
      .optional("max_packet", &MqttLimitOptions::max_packet, "The largest packet that is taken.")
      .between(ByteSize(256), ByteSize::kib(128))
      .optional("max_in_flight", &MqttLimitOptions::max_in_flight,
                "Unacknowledged QoS 1 and 2 messages of one device (Receive Maximum).")
      .between(1, 65'535)
      .optional("connect_timeout", &MqttLimitOptions::connect_timeout,
                "A connection must send CONNECT within this time.")
      .between(1s, 10min)
      .optional("max_keep_alive", &MqttLimitOptions::max_keep_alive,
                "The longest keep-alive that an MQTT 5 device may ask for.")
      .between(1s, 18h)
      .optional("max_session_expiry", &MqttLimitOptions::max_session_expiry,
                "How long the session of an absent device is kept.")
      .at_least(Duration{0});
}

struct MqttOptions {
  // Devices connect to us.
  std::vector<LocatedText> listen;
  bool anonymous = false;
  MqttLimitOptions limits;
  // We subscribe at a broker.
  std::optional<LocatedText> url;
  std::vector<LocatedText> topics;
  std::int64_t qos = MqttSubscriberConfig{}.qos;
  std::string client_id;
  std::string username;
  Secret password;
  Duration keep_alive = MqttSubscriberConfig{}.keep_alive;
  Duration session_expiry = MqttSubscriberConfig{}.session_expiry;
};
void describe(Fields<MqttOptions>& fields) {
  fields
      .optional("listen", &MqttOptions::listen,
                "Addresses where devices connect, mqtt://ADDRESS:PORT.")
      .optional("anonymous", &MqttOptions::anonymous,
                "With listen: anyone may connect from anywhere; without it only loopback addresses "
                "are listened on.")
      .optional("limits", &MqttOptions::limits,
                "With listen: bounds on what devices can make the gateway keep.")
      .optional("url", &MqttOptions::url, "Broker to subscribe at instead, mqtt://HOST:PORT.")
      .optional("topics", &MqttOptions::topics,
                "With url: topic filters; \"$share/GROUP/FILTER\" shares them with other gateways.")
      .optional("qos", &MqttOptions::qos, "With url: what is asked for.")
      .between(0, 2)
      .optional("client_id", &MqttOptions::client_id, "With url: names the session at the broker.")
      .default_shown_as("sluice-GATEWAY-SOURCE")
      .optional("username", &MqttOptions::username, "With url: sent to the broker.")
      .optional("password", &MqttOptions::password, "With url: sent to the broker.")
      .optional("keep_alive", &MqttOptions::keep_alive,
                "With url: ping the broker after this silence.")
      .between(1s, 18h)
      .optional("session_expiry", &MqttOptions::session_expiry,
                "With url: how long the broker keeps messages for us while we are away (MQTT 5).")
      .at_least(Duration{0})
      .ensure(
          [](const MqttOptions& options) {
            return options.listen.empty() != !options.url.has_value();
          },
          "needs either 'listen' (devices connect to the gateway) or 'url' (the gateway subscribes "
          "at a broker)")
      .ensure([](const MqttOptions& options) { return !options.url || !options.topics.empty(); },
              "'url' needs 'topics'");
}

struct CoapOptions {
  std::vector<LocatedText> listen;
  std::vector<std::string> resources = CoapSourceConfig{}.resources;
  ByteSize max_body{CoapSourceConfig{}.max_body_bytes};
  std::int64_t max_idle_sessions = CoapSourceConfig{}.max_idle_sessions;
  Duration session_timeout = CoapSourceConfig{}.session_timeout;
};
void describe(Fields<CoapOptions>& fields) {
  fields
      .required("listen", &CoapOptions::listen,
                "Addresses where devices send to, coap://ADDRESS:PORT (UDP).")
      .not_empty()
      .optional("resources", &CoapOptions::resources,
                "Paths that take POST and PUT, written as MQTT topic filters.")
      .not_empty()
      .optional("max_body", &CoapOptions::max_body, "The largest body, block by block or not.")
      .between(ByteSize(64), ByteSize::kib(120))
      .optional("max_idle_sessions", &CoapOptions::max_idle_sessions,
                "Peers remembered without a request; each makes every packet dearer.")
      .between(1, 1'000)
      .optional("session_timeout", &CoapOptions::session_timeout,
                "A silent peer is forgotten after this time.")
      .between(1s, 10min);
}

std::vector<std::string> texts(const std::vector<LocatedText>& located) {
  std::vector<std::string> all;
  for (const LocatedText& text : located) all.push_back(text.text());
  return all;
}

// Reports what a driver's own check found, at the option that is most likely meant.
bool is_valid(const Result<void>& valid, const LocatedText& place, Diagnostics& diagnostics) {
  if (!valid) diagnostics.error(place.position(), place.path(), valid.error().message);
  return valid.is_ok();
}

std::optional<MakeSource> listener(const MqttOptions& options, Diagnostics& diagnostics) {
  MqttListenerConfig config;
  config.listen = texts(options.listen);
  config.anonymous = options.anonymous;
  config.limits.max_connections = static_cast<std::size_t>(options.limits.max_connections);
  config.limits.max_packet_bytes = static_cast<std::size_t>(options.limits.max_packet.bytes());
  config.limits.max_in_flight = static_cast<std::uint16_t>(options.limits.max_in_flight);
  config.limits.connect_timeout = options.limits.connect_timeout;
  config.limits.max_keep_alive = options.limits.max_keep_alive;
  config.limits.max_session_expiry = options.limits.max_session_expiry;
  if (!is_valid(validate(config), options.listen.front(), diagnostics)) return std::nullopt;
  return [config](const SourceContext& context) -> Result<std::unique_ptr<Source>> {
    return std::unique_ptr<Source>(std::make_unique<MqttListener>(config, context));
  };
}

std::optional<MakeSource> subscriber(const MqttOptions& options, Diagnostics& diagnostics) {
  MqttSubscriberConfig config;
  config.url = options.url->text();
  config.topics = texts(options.topics);
  config.qos = static_cast<std::uint8_t>(options.qos);
  config.client_id = options.client_id;
  config.user = options.username;
  config.keep_alive = options.keep_alive;
  config.session_expiry = options.session_expiry;
  if (!is_valid(validate(config), *options.url, diagnostics)) return std::nullopt;
  return [config, password = options.password](
             const SourceContext& context) -> Result<std::unique_ptr<Source>> {
    MqttSubscriberConfig with_password = config;
    with_password.password = TRY(password.reveal());
    return std::unique_ptr<Source>(
        std::make_unique<MqttSubscriber>(std::move(with_password), context, context.gateway));
  };
}

}  // namespace

std::optional<MakeSource> read_mqtt_source(TableReader& reader, Diagnostics& diagnostics) {
  MqttOptions options;
  if (!reader.read(options)) return std::nullopt;
  return options.url ? subscriber(options, diagnostics) : listener(options, diagnostics);
}

std::optional<MakeSource> read_coap_source(TableReader& reader, Diagnostics& diagnostics) {
  CoapOptions options;
  if (!reader.read(options)) return std::nullopt;
  warn_if_missing(CoapModule::name, reader.table(), diagnostics);
  CoapSourceConfig config;
  config.listen = texts(options.listen);
  config.resources = options.resources;
  config.max_body_bytes = static_cast<std::size_t>(options.max_body.bytes());
  config.max_idle_sessions = static_cast<unsigned>(options.max_idle_sessions);
  config.session_timeout = options.session_timeout;
  const std::vector<Error> faults = validate(config);
  for (const Error& fault : faults) {
    diagnostics.error(options.listen.front().position(), options.listen.front().path(),
                      fault.message);
  }
  if (!faults.empty()) return std::nullopt;
  return [config](const SourceContext& context) -> Result<std::unique_ptr<Source>> {
    return TRY(load_module<CoapModule>())->make_source(config, context);
  };
}

ComponentDescription describe_mqtt_source(std::string_view type, std::string_view summary) {
  return describe_component<MqttOptions>("source", std::string(type), std::string(summary));
}
ComponentDescription describe_coap_source(std::string_view type, std::string_view summary) {
  return describe_component<CoapOptions>("source", std::string(type), std::string(summary));
}

}  // namespace sluice
