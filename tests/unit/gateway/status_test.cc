#include "gateway/status.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

GatewayStatus example() {
  GatewayStatus status;
  status.gateway = "plant-7";
  status.version = "1.2.3";
  status.now = Timestamp(std::chrono::seconds(1'790'000'600));
  status.started_at = Timestamp(std::chrono::seconds(1'790'000'000));
  status.configuration_since = status.started_at;
  status.configuration_file = "/etc/sluice/sluice.toml";
  status.store_used_bytes = 3 << 20;
  status.store_max_bytes = 1 << 30;
  SourceReport source;
  source.name = "floor";
  source.is_running = true;
  source.address = "mqtt://0.0.0.0:1883";
  source.messages = 1'234'567;
  status.sources.push_back(source);
  SinkReport sink;
  sink.name = "cloud";
  sink.backlog_events = 17;
  status.sinks.push_back(sink);
  return status;
}

TEST(Status, The_screen_is_made_from_the_json_alone) {
  const std::string screen = render_status(status_json(example()), false).value();
  EXPECT_NE(screen.find("plant-7"), std::string::npos);
  EXPECT_NE(screen.find("1,234,567 messages"), std::string::npos);
  EXPECT_NE(screen.find("3.0 MiB of 1.0 GiB"), std::string::npos);
  EXPECT_NE(screen.find("17 waiting"), std::string::npos);
  EXPECT_NE(screen.find("up 10 min"), std::string::npos);
  EXPECT_FALSE(json_is_red(status_json(example())));
}

TEST(Status, Anything_that_a_person_should_see_makes_it_red) {
  GatewayStatus failing = example();
  failing.sinks[0].is_failing = true;
  failing.sinks[0].last_error = "connection refused";
  failing.sinks[0].last_error_time = failing.started_at;
  EXPECT_TRUE(json_is_red(status_json(failing)));
  EXPECT_NE(render_status(status_json(failing), false)
                .value()
                .find("last error 10 min ago: connection refused"),
            std::string::npos);
  GatewayStatus refused = example();
  refused.refused = "sluice.toml:1:1: wrong\n";
  EXPECT_TRUE(json_is_red(status_json(refused)));
  GatewayStatus stopped = example();
  stopped.sources[0].is_running = false;
  EXPECT_TRUE(json_is_red(status_json(stopped)));
}

TEST(Status, An_answer_that_is_no_status_is_an_error) {
  EXPECT_FALSE(render_status("{}", false));
  EXPECT_FALSE(render_status("not json", false));
  EXPECT_TRUE(json_is_red("not json"));
}

}  // namespace
}  // namespace sluice
