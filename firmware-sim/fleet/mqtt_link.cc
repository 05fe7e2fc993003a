#include "firmware-sim/fleet/mqtt_link.h"

#include <utility>

namespace sluice::sim {

using std::chrono::seconds;

void MqttInbox::put(const MqttNews& news) {
  const std::lock_guard lock(mutex_);
  news_.push_back(news);
  filled_.notify_one();
}

std::deque<MqttNews> MqttInbox::take(std::chrono::nanoseconds wait) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, wait, [this] { return !news_.empty(); });
  return std::exchange(news_, {});
}

void MqttLink::Listener::report(MqttNews::What what, const mqtt::token& token) {
  MqttNews news{what, link_};
  news.ticket =
      static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
  if (what == MqttNews::What::connected) {
    news.session_present = token.get_connect_response().is_session_present();
  }
  inbox_.put(news);
}

MqttLink::MqttLink(std::size_t position, const std::string& server, Device owner,
                   std::uint64_t seed, bool keeps_session, MqttInbox& inbox)
    : device(std::move(owner)),
      keeps_session_(keeps_session),
      backoff_(seed, device.index()),
      connection_(inbox, position, MqttNews::What::connected, MqttNews::What::disconnected),
      departure_(inbox, position, MqttNews::What::disconnected, MqttNews::What::disconnected),
      delivery_(inbox, position, MqttNews::What::delivered, MqttNews::What::failed),
      client_(server, device.name()) {  // no persistence: the ring is the device's memory
  client_.set_connection_lost_handler([&inbox, position](const std::string&) {
    inbox.put(MqttNews{MqttNews::What::disconnected, position});
  });
}

MqttLink::~MqttLink() { client_.disable_callbacks(); }

void MqttLink::connect_if_due(RunClock::Offset now) {
  if (state != State::away || now < retry_at) return;
  // A device that has lost its memory must not meet its old session: a packet id that the gateway
  // still remembers would hide a new event.
  const bool is_cleaning = keeps_session_ && !was_cleaned_;
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_clean_session(is_cleaning || !keeps_session_);
  options.set_keep_alive_interval(seconds(30));
  options.set_connect_timeout(seconds(5));
  options.set_automatic_reconnect(false);
  // Our own window is far below Paho's: when Paho's is full, an acknowledgement does not wake it.
  options.set_max_inflight(65535);
  state = is_cleaning ? State::cleaning : State::connecting;
  try {
    client_.connect(options, nullptr, connection_);
  } catch (const mqtt::exception&) {
    go_away(now);
  }
}

void MqttLink::on_connected(RunClock::Offset now, bool session_present) {
  if (state == State::cleaning) {
    was_cleaned_ = true;
    state = State::leaving;
    try {
      client_.disconnect(1000, nullptr, departure_);
    } catch (const mqtt::exception&) {
      go_away(now);
    }
    return;
  }
  state = State::connected;
  backoff_.reset();
  if (!session_present) {
    ++generation;
    device.release_all();
  }
}

void MqttLink::on_disconnected(RunClock::Offset now) {
  if (state == State::leaving) {
    state = State::away;
    retry_at = now;
    return;
  }
  if (state != State::away) go_away(now);
}

void MqttLink::go_away(RunClock::Offset now) {
  state = State::away;
  retry_at = now + backoff_.next();
}

bool MqttLink::publish(const std::string& payload, int qos, std::uint32_t ticket) {
  // Paho carries a pointer for us; the ticket travels as its bits, nothing is ever read there.
  // NOLINTNEXTLINE(performance-no-int-to-ptr): see above
  auto* const user_context = reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
  try {
    client_.publish(mqtt::make_message(device.mqtt_topic(), payload, qos, false), user_context,
                    delivery_);
    return true;
  } catch (const mqtt::exception&) {
    return false;
  }
}

void MqttLink::start_disconnect() {
  if (state != State::connected) return;
  state = State::leaving;
  try {
    client_.disconnect(1000, nullptr, departure_);
  } catch (const mqtt::exception&) {
    state = State::away;
  }
}

}  // namespace sluice::sim
