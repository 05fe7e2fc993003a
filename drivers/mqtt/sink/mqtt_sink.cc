#include "drivers/mqtt/sink/mqtt_sink.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "drivers/mqtt/sink/batch_message.h"

namespace sluice {
namespace {

// Below the broker's Receive Maximum: when Paho itself has to hold a publication back, it does not
// notice the PUBACK that would let it go on, and sleeps for up to a second.
std::size_t window_size(std::int64_t max_in_flight, std::uint16_t receive_maximum) {
  const std::int64_t allowed = std::max(1, receive_maximum - 1);
  return static_cast<std::size_t>(std::min(max_in_flight, allowed));
}

MqttSinkConfig with_client_id(MqttSinkConfig config) {
  if (config.client_id.empty()) config.client_id = default_client_id();
  return config;
}

}  // namespace

MqttSink::MqttSink(MqttSinkConfig config, const Clock& clock)
    : config_(with_client_id(std::move(config))), clock_(clock) {}
MqttSink::~MqttSink() = default;

std::size_t MqttSink::max_in_flight() const {
  return static_cast<std::size_t>(config_.max_in_flight);
}

void MqttSink::submit(const OutgoingBatch& batch) {
  waiting_.push_back(&batch);
  if (!connection_) open_connection();
  publish_waiting();
}

void MqttSink::poll(Duration timeout, std::vector<Delivery>& done) {
  const Duration end = clock_.monotonic() + timeout;
  bool is_over = false;
  while (!is_over) {
    const auto [events, is_woken] = events_.take(time_until(end));
    for (const mqtt::BrokerEvent& event : events) {
      std::visit([this](const auto& what) { apply(what); }, event);
    }
    give_up_on_silence();
    publish_waiting();
    is_over = is_woken || !finished_.empty() || clock_.monotonic() >= end;
  }
  std::move(finished_.begin(), finished_.end(), std::back_inserter(done));
  finished_.clear();
}

// How long nothing can happen by itself before `end`.
Duration MqttSink::time_until(Duration end) const {
  if (!finished_.empty()) return Duration{0};
  if (connection_ && !is_open_) end = std::min(end, open_by_);
  if (!in_flight_.empty()) end = std::min(end, in_flight_.begin()->second.give_up_at);
  return std::max(Duration{0}, end - clock_.monotonic());
}

void MqttSink::open_connection() {
  // Looked up for each connection, so that a renewed password file is used at once.
  auto password = config_.password.reveal();
  if (!password) {
    close_connection("password: " + password.error().message);
    return;
  }
  auto connection = mqtt::BrokerConnection::open({.url = config_.url,
                                                  .client_id = config_.client_id,
                                                  .username = config_.username,
                                                  .password = std::move(*password),
                                                  .ca_file = config_.ca_file,
                                                  .keep_alive = config_.keep_alive,
                                                  .connect_timeout = config_.connect_timeout},
                                                 events_);
  if (!connection) {
    close_connection(connection.error().message);
    return;
  }
  connection_ = std::move(*connection);
  open_by_ = clock_.monotonic() + config_.connect_timeout;
}

// Ends the connection, if there is one, and gives all batches back.
void MqttSink::close_connection(const std::string& reason) {
  connection_.reset();
  is_open_ = false;
  // What the broker has acknowledged up to the end need not be sent again.
  for (const mqtt::BrokerEvent& event : events_.take_rest()) {
    if (const auto* last = std::get_if<mqtt::Acknowledged>(&event)) apply(*last);
  }
  for (const auto& [publication, flight] : in_flight_) {
    finish(flight.ticket, Delivery::Outcome::retry, reason);
  }
  for (const OutgoingBatch* batch : waiting_) {
    finish(batch->ticket, Delivery::Outcome::retry, reason);
  }
  in_flight_.clear();
  waiting_.clear();
}

void MqttSink::publish_waiting() {
  if (!is_open_) return;
  const std::size_t window = window_size(config_.max_in_flight, limits_.receive_maximum);
  while (!waiting_.empty() && in_flight_.size() < window) {
    const OutgoingBatch& batch = *waiting_.front();
    const std::uint64_t size = mqtt::publish_packet_bytes(config_.topic, batch);
    if (size > limits_.max_packet_bytes) {
      finish(batch.ticket, Delivery::Outcome::rejected,
             config_.url + ": a packet of " + std::to_string(size) +
                 " bytes is larger than the broker takes (" +
                 std::to_string(limits_.max_packet_bytes) + "): lower batch.max_bytes");
      waiting_.pop_front();
      continue;
    }
    const auto publication = mqtt::Publication{++last_publication_};
    if (auto published = connection_->publish(config_.topic, batch, publication); !published) {
      close_connection(config_.url + ": " + published.error().message);
      return;
    }
    in_flight_[publication] = {batch.ticket, clock_.monotonic() + config_.timeout};
    waiting_.pop_front();
  }
}

// A broker that accepts and never answers. MQTT lets a publication be sent again only on a new
// connection (section 4.4).
void MqttSink::give_up_on_silence() {
  if (!connection_) return;
  const Duration now = clock_.monotonic();
  if (!is_open_ && now >= open_by_) {
    close_connection(config_.url + ": no answer within " +
                     format_duration(config_.connect_timeout) +
                     ": check that a broker for MQTT 5 listens there");
  } else if (!in_flight_.empty() && now >= in_flight_.begin()->second.give_up_at) {
    close_connection(config_.url + ": no acknowledgement within " +
                     format_duration(config_.timeout) + ": the broker is stuck or overloaded");
  }
}

void MqttSink::apply(const mqtt::Opened& opened) {
  is_open_ = true;
  limits_ = opened.limits;
}

void MqttSink::apply(const mqtt::Acknowledged& acknowledged) {
  const auto found = in_flight_.find(acknowledged.publication);
  if (found == in_flight_.end()) return;  // given up a moment ago
  finish(found->second.ticket, Delivery::Outcome::delivered, {});
  in_flight_.erase(found);
}

void MqttSink::apply(const mqtt::Refused& refused) {
  const auto found = in_flight_.find(refused.publication);
  if (found == in_flight_.end()) return;  // given up a moment ago
  const std::string what = config_.url + ": the broker refuses a batch for topic '" +
                           config_.topic + "' (" + refused.reason + ")";
  if (refused.is_too_large) {
    finish(found->second.ticket, Delivery::Outcome::rejected, what + ": lower batch.max_bytes");
  } else {
    finish(found->second.ticket, Delivery::Outcome::retry,
           what + ": check what this client may publish");
  }
  in_flight_.erase(found);
}

void MqttSink::apply(const mqtt::Closed& closed) {
  if (connection_) close_connection(closed.reason);
}

void MqttSink::finish(std::uint64_t ticket, Delivery::Outcome outcome, std::string reason) {
  finished_.push_back({ticket, outcome, std::move(reason), {}});
}

}  // namespace sluice
