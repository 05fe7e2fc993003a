#include "drivers/mqtt/listener.h"

#include <sys/resource.h>

#include <utility>

#include "core/log.h"
#include "drivers/mqtt/endpoint.h"
#include "drivers/mqtt/listener_loop.h"

namespace sluice {
namespace {

// The longest client id whose records still have a key of 200 bytes.
constexpr std::size_t longest_client_id = 190;
constexpr std::size_t largest_packet = std::size_t{128} * 1024;

Result<void> validate_limits(const MqttLimits& limits) {
  const auto refuse = [](std::string message) {
    return Error{ErrorKind::bad_config, std::move(message)};
  };
  if (limits.max_connections == 0) return refuse("max_connections must be at least 1");
  if (limits.max_in_flight == 0) return refuse("max_in_flight must be at least 1");
  if (limits.max_packet_bytes < 1024 || limits.max_packet_bytes > largest_packet) {
    return refuse(
        "max_packet_bytes must be from 1 KiB to 128 KiB, the largest record of the store");
  }
  if (limits.max_client_id_bytes < 23 || limits.max_client_id_bytes > longest_client_id) {
    return refuse("max_client_id_bytes must be from 23 to 190");
  }
  if (limits.max_keep_alive < std::chrono::seconds(1))
    return refuse("max_keep_alive must be at least 1s");
  if (limits.connect_timeout < std::chrono::seconds(1))
    return refuse("connect_timeout must be at least 1s");
  return {};
}

// The store, sinks and tools need some, too.
constexpr rlim_t descriptors_besides = 128;

void warn_of_few_descriptors(const std::string& source, std::size_t max_connections) {
  rlimit limit{};
  const bool is_enough = getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
                         limit.rlim_cur >= max_connections + descriptors_besides;
  if (is_enough) return;
  log_warning("There are fewer file descriptors than MQTT connections may be",
              {{"source", source},
               {"max_connections", max_connections},
               {"descriptors", limit.rlim_cur},
               {"remedy", "raise LimitNOFILE= (ulimit -Hn), or lower limits.max_connections"}});
}

}  // namespace

Result<void> validate(const MqttListenerConfig& config) {
  if (config.listen.empty())
    return Error{ErrorKind::bad_config, "there is no address to listen on"};
  for (const std::string& url : config.listen) {
    const mqtt::Endpoint endpoint = TRY(mqtt::parse_endpoint(url));
    if (config.anonymous || mqtt::is_loopback(endpoint.host)) continue;
    return Error{ErrorKind::bad_config,
                 "'" + url + "' is open to other machines, and no users are configured: write " +
                     "anonymous = true if anyone may connect, or listen on 127.0.0.1"};
  }
  return validate_limits(config.limits);
}

MqttListener::MqttListener(MqttListenerConfig config, SourceContext context)
    : config_(std::move(config)), context_(std::move(context)) {}

MqttListener::~MqttListener() {
  mailbox_.end();
  if (thread_.joinable()) thread_.join();
}

Result<void> MqttListener::start(const SavedState& saved) {
  TRY(validate(config_));
  warn_of_few_descriptors(context_.name, config_.limits.max_connections);
  loop_ = std::make_unique<mqtt::ListenerLoop>(config_, context_, mailbox_, board_);
  loop_->restore(saved);
  TRY(loop_->open());
  thread_ = std::thread([this] { loop_->run(); });
  return {};
}

SourceStatus MqttListener::status() const { return board_.read(); }

}  // namespace sluice
