#include "drivers/mqtt/sink/broker_connection.h"

#include <mqtt/async_client.h>

#include <mutex>
#include <utility>

#include "drivers/mqtt/sink/batch_message.h"
#include "drivers/mqtt/sink/broker_address.h"
#include "drivers/mqtt/sink/queue_memory.h"

namespace sluice::mqtt {
namespace {

namespace paho = ::mqtt;

// Paho counts in whole seconds.
int whole_seconds(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

// The broker's word in its answer: an MQTT 5 reason code, 0 when it has said none. Paho gives that
// of a CONNACK as its own return code, of which a true one is never positive.
int broker_reason(const paho::token& token) {
  const int code = token.get_return_code();
  return code > 0 ? code : static_cast<int>(token.get_reason_code());
}

bool is_refusal(int reason) {
  return reason >= paho::UNSPECIFIED_ERROR && reason < paho::MQTTPP_V3_CODE;
}

paho::connect_options connect_options(const BrokerLogin& login, bool is_secure) {
  // No MQTT 5 properties here: Paho 1.2.0 loses them when the options are copied. None is needed: a
  // session without an expiry ends with its connection.
  paho::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  options.set_automatic_reconnect(false);
  options.set_keep_alive_interval(whole_seconds(login.keep_alive));
  options.set_connect_timeout(whole_seconds(login.connect_timeout));
  if (!login.username.empty()) options.set_user_name(login.username);
  if (!login.password.empty()) options.set_password(login.password);
  if (is_secure) {
    // No error handler: Paho keeps a pointer to these options, which do not live that long.
    paho::ssl_options tls;
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);  // the host's name, too
    if (!login.ca_file.empty()) tls.set_trust_store(login.ca_file);
    options.set_ssl(tls);
  }
  return options;
}

paho::properties properties_of(const OutgoingBatch& batch) {
  paho::properties properties;
  properties.add({paho::property::CONTENT_TYPE, batch.content_type});
  for (const auto& [name, value] : user_properties(batch)) {
    properties.add({paho::property::USER_PROPERTY, std::string(name), std::string(value)});
  }
  return properties;
}

}  // namespace

// All on_...() are called by Paho's threads.
class BrokerConnection::Impl {
 public:
  Impl(const BrokerAddress& address, const BrokerLogin& login, BrokerEvents& events)
      : url_(login.url),
        events_(events),
        opening_(*this),
        publishing_(*this),
        client_(address.uri, login.client_id, paho::create_options(MQTTVERSION_5, max_buffered),
                &queue_) {
    client_.set_disconnected_handler(
        [this](const paho::properties&, paho::ReasonCode reason) { on_goodbye(reason); });
    client_.set_connection_lost_handler([this](const std::string&) { on_lost(); });
    client_.connect(connect_options(login, address.is_secure), nullptr, opening_);
  }

  void publish(const std::string& topic, const OutgoingBatch& batch, Publication publication) {
    constexpr int at_least_once = 1;
    // Paho carries a pointer for us; the name travels as its bits, nothing is ever read there.
    // NOLINTNEXTLINE(performance-no-int-to-ptr): see above
    auto* const name = reinterpret_cast<void*>(static_cast<std::uintptr_t>(publication));
    client_.publish(paho::message::create(topic, batch.body.data(), batch.body.size(),
                                          at_least_once, false, properties_of(batch)),
                    name, publishing_);
  }

 private:
  // Paho's own queue, far above any window of ours: it is never what holds a batch back.
  static constexpr int max_buffered = 1'000;

  class Opening final : public virtual paho::iaction_listener {
   public:
    explicit Opening(Impl& impl) : impl_(impl) {}
    void on_success(const paho::token& token) override { impl_.on_opened(token); }
    void on_failure(const paho::token& token) override { impl_.on_not_opened(token); }

   private:
    Impl& impl_;
  };
  class Publishing final : public virtual paho::iaction_listener {
   public:
    explicit Publishing(Impl& impl) : impl_(impl) {}
    void on_success(const paho::token& token) override { impl_.on_published(token); }
    void on_failure(const paho::token& token) override { impl_.on_published(token); }

   private:
    Impl& impl_;
  };

  void on_opened(const paho::token& token) {
    try {
      const paho::connect_response response = token.get_connect_response();
      const paho::properties& properties = response.get_properties();
      if (properties.contains(paho::property::MAXIMUM_QOS) &&
          paho::get<std::uint8_t>(properties, paho::property::MAXIMUM_QOS) == 0) {
        close("the broker takes only QoS 0, at which it acknowledges nothing: use another broker");
        return;
      }
      Opened opened;
      if (properties.contains(paho::property::RECEIVE_MAXIMUM)) {
        opened.limits.receive_maximum =
            paho::get<std::uint16_t>(properties, paho::property::RECEIVE_MAXIMUM);
      }
      if (properties.contains(paho::property::MAXIMUM_PACKET_SIZE)) {
        opened.limits.max_packet_bytes =
            paho::get<std::uint32_t>(properties, paho::property::MAXIMUM_PACKET_SIZE);
      }
      events_.post(opened);
    } catch (const paho::exception& exception) {
      close(exception.what());
    }
  }

  void on_not_opened(const paho::token& token) {
    if (const int reason = broker_reason(token); is_refusal(reason)) {
      close("the broker does not let us in (" + paho::exception::reason_code_str(reason) +
            "): check username, password, client_id, and that it speaks MQTT 5");
    } else {
      close("no connection (" + paho::exception::error_str(token.get_return_code()) +
            "): check that the broker runs and can be reached, and its certificate");
    }
  }

  // A PUBACK can be a refusal: Paho may call that a success.
  void on_published(const paho::token& token) {
    const auto publication =
        static_cast<Publication>(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
    if (const int reason = broker_reason(token); is_refusal(reason)) {
      events_.post(Refused{publication, reason == paho::PACKET_TOO_LARGE,
                           paho::exception::reason_code_str(reason)});
    } else if (token.get_return_code() == MQTTASYNC_SUCCESS) {
      events_.post(Acknowledged{publication});
    } else {
      on_lost();  // a publication without an answer ends only with its connection
    }
  }

  void on_goodbye(paho::ReasonCode reason) {
    const std::scoped_lock lock(mutex_);
    goodbye_ = paho::exception::reason_code_str(reason);
  }

  void on_lost() {
    std::string reason = "the connection was lost";
    const std::scoped_lock lock(mutex_);
    if (!goodbye_.empty()) reason = "the broker closed the connection (" + goodbye_ + ")";
    close(reason);
  }

  void close(const std::string& reason) { events_.post(Closed{url_ + ": " + reason}); }

  // Constant after construction.
  const std::string url_;
  BrokerEvents& events_;

  std::mutex mutex_;
  std::string goodbye_;  // guarded by mutex_; the reason in the broker's DISCONNECT

  Opening opening_;
  Publishing publishing_;
  QueueMemory queue_;
  paho::async_client client_;  // last: its end calls the listeners
};

BrokerConnection::BrokerConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BrokerConnection::~BrokerConnection() = default;

Result<std::unique_ptr<BrokerConnection>> BrokerConnection::open(const BrokerLogin& login,
                                                                 BrokerEvents& events) {
  const BrokerAddress address = TRY(parse_broker_address(login.url));
  try {
    return std::unique_ptr<BrokerConnection>(
        new BrokerConnection(std::make_unique<Impl>(address, login, events)));
  } catch (const paho::exception& exception) {
    return Error{ErrorKind::try_later, login.url + ": " + exception.what()};
  }
}

Result<void> BrokerConnection::publish(const std::string& topic, const OutgoingBatch& batch,
                                       Publication publication) {
  try {
    impl_->publish(topic, batch, publication);
    return {};
  } catch (const paho::exception& exception) {
    return Error{ErrorKind::try_later, exception.what()};
  }
}

}  // namespace sluice::mqtt
