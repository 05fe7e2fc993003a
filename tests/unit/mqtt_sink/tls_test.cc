// Over TLS: who the broker is gets checked, its name included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/unit/mqtt_sink/certificate.h"
#include "tests/unit/mqtt_sink/mosquitto.h"
#include "tests/unit/mqtt_sink/sink_rig.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using Outcome = Delivery::Outcome;

// A broker whose certificate is made out to `name`, and what a sink says to reach it as localhost.
class SecureBroker {
 public:
  explicit SecureBroker(const std::string& name)
      : certificate_(name),
        broker_("certfile " + certificate_.certificate_file() + "\nkeyfile " +
                certificate_.key_file()) {}

  MqttSinkConfig config() const {
    MqttSinkConfig config =
        SinkRig::config_for("mqtts://localhost:" + std::to_string(broker_.port()));
    config.ca_file = certificate_.certificate_file();
    return config;
  }

 private:
  Certificate certificate_;
  Mosquitto broker_;
};

Delivery deliver(const MqttSinkConfig& config) {
  SinkRig rig(config);
  rig.submit(1, "x");
  return rig.wait_for(1);
}

TEST(MqttSinkOverTls, A_trusted_broker_of_the_right_name_gets_the_batch) {
  SKIP_WITHOUT_MOSQUITTO();
  const SecureBroker broker("localhost");
  const Delivery delivery = deliver(broker.config());
  EXPECT_EQ(delivery.outcome, Outcome::delivered) << delivery.reason;
}

TEST(MqttSinkOverTls, A_trusted_certificate_of_another_name_is_refused) {
  SKIP_WITHOUT_MOSQUITTO();
  const SecureBroker broker("other.example");
  const Delivery delivery = deliver(broker.config());
  EXPECT_EQ(delivery.outcome, Outcome::retry);
  EXPECT_THAT(delivery.reason, HasSubstr("its certificate"));
}

TEST(MqttSinkOverTls, A_certificate_that_nobody_vouches_for_is_refused) {
  SKIP_WITHOUT_MOSQUITTO();
  const SecureBroker broker("localhost");
  MqttSinkConfig config = broker.config();
  config.ca_file.clear();  // the system's, which do not know it
  EXPECT_EQ(deliver(config).outcome, Outcome::retry);
}

TEST(MqttSinkOverTls, Missing_certificates_to_trust_are_a_reason_to_retry) {
  SKIP_WITHOUT_MOSQUITTO();
  const SecureBroker broker("localhost");
  MqttSinkConfig config = broker.config();
  config.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(deliver(config).outcome, Outcome::retry);
}

}  // namespace
}  // namespace sluice
