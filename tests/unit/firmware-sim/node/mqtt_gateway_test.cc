// A node over MQTT against the gateway's own protocol core: connections that are cut, a gateway
// that crashes before and after its commit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "firmware-sim/node/node.h"
#include "tests/unit/firmware-sim/node/report_reader.h"
#include "tests/unit/mqtt/server_fixture.h"

namespace sluice {
namespace {

class NodeAndGateway : public testing::Test {
 protected:
  NodeAndGateway() : ring_(node_ring_bytes(64, 1)) {
    port_.context = this;
    port_.now_ms = [](void* context) { return self(context).now_ms_; };
    port_.send = [](void* context, const std::uint8_t* bytes, std::size_t size) {
      return self(context).send({reinterpret_cast<const char*>(bytes), size});
    };
    port_.receive = [](void* context, std::uint8_t* bytes, std::size_t room) {
      return self(context).receive(bytes, room);
    };
    port_.random = [](void* context) { return self(context).random_ += 0x9E3779B9U; };
    port_.store = [](void*, NodeStoreAction action, std::uint8_t*, std::size_t) {
      return action == node_store_save;
    };
    config_.name = "dev-7";
    config_.path = "plant/line-4/dev-7/telemetry";
    config_.version = "1.0.0";
    config_.channels = &channel_;
    config_.channel_count = 1;
    config_.batch = 1;
    config_.keep_alive_s = 60;
    config_.protocol = node_over_mqtt;
    config_.format = node_plain_json;
    config_.interval_ms = 1000;
    EXPECT_EQ(node_start(&node_, &config_, &port_, ring_.data(), ring_.size()), node_started);
  }

  static NodeAndGateway& self(void* context) { return *static_cast<NodeAndGateway*>(context); }

  NodeSent send(std::string_view bytes) {
    if (bytes.empty()) cut();
    if (bytes.empty() || is_unreachable_) return node_sent_closed;
    if (!device_) device_.emplace(gateway_);
    sent_.emplace_back(bytes);
    arrived_ += device_->send(bytes);
    return node_sent;
  }

  std::int32_t receive(std::uint8_t* bytes, std::size_t room) {
    if (std::exchange(is_cut_, false)) return -1;
    const std::size_t size = std::min(room, arrived_.size());
    std::memcpy(bytes, arrived_.data(), size);
    arrived_.erase(0, size);
    return static_cast<std::int32_t>(size);
  }

  void cut() {
    device_.reset();
    arrived_.clear();
    is_cut_ = true;
  }

  void measure() {
    const std::int32_t value = 21'000 + static_cast<std::int32_t>(node_.ring.next_sequence);
    node_take(&node_, &value);
  }

  // Time passes; the gateway commits whenever there is something.
  void run(std::uint64_t milliseconds, bool is_committing = true) {
    for (std::uint64_t i = 0; i < milliseconds; i += 100) {
      now_ms_ += 100;
      gateway_.advance(std::chrono::milliseconds(100));
      if (device_) arrived_ += device_->tick();
      ASSERT_EQ(node_poll(&node_), node_runs);
      if (device_ && is_committing) arrived_ += device_->after_commit();
      ASSERT_FALSE(device_ && device_->is_closed()) << device_->session().why_closed();
    }
  }

  std::vector<std::uint32_t> sequences() const {
    std::vector<std::uint32_t> all;
    for (const std::string& payload : gateway_.events()) {
      const ReadReport report =
          read_report(payload, node_plain_json, "dev-7", {"temperature"}, Timestamp());
      all.push_back(report.readings.at(0).id.sequence);
    }
    return all;
  }

  const NodeChannel channel_{"temperature", "Cel"};
  std::vector<std::uint8_t> ring_;
  NodePort port_{};
  NodeConfig config_{};
  Node node_{};
  std::uint64_t now_ms_ = 1000;
  std::uint32_t random_ = 1;

  mqtt::Gateway gateway_;
  std::optional<mqtt::Device> device_;
  std::string arrived_;
  std::vector<std::string> sent_;  // packets
  bool is_cut_ = false;
  bool is_unreachable_ = false;
};

TEST_F(NodeAndGateway, Readings_are_acknowledged_in_order_after_their_commit) {
  for (int i = 0; i < 5; ++i) measure();
  run(2'000, false);
  EXPECT_EQ(node_.counters.acknowledged, 0U);
  run(5'000);
  EXPECT_EQ(sequences(), (std::vector<std::uint32_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(node_.ring.count, 0U);
}

TEST_F(NodeAndGateway, An_idle_hour_is_survived_by_pings) {
  measure();
  run(3'600'000);
  measure();
  run(1'000);
  EXPECT_EQ(node_.counters.failures, 0U);
  EXPECT_EQ(node_.counters.acknowledged, 2U);
}

TEST_F(NodeAndGateway, A_cut_before_the_commit_repeats_the_message_with_dup) {
  run(500);
  measure();
  run(500, false);
  ASSERT_EQ(gateway_.uncommitted(), 1U);
  cut();
  sent_.clear();
  run(10'000);
  EXPECT_EQ(node_.counters.acknowledged, 1U);
  // Both copies are stored; the engine knows by DUP, packet id and content that it is one.
  EXPECT_EQ(sequences(), (std::vector<std::uint32_t>{1, 1}));
  EXPECT_EQ(gateway_.events()[0], gateway_.events()[1]);
  const auto is_repeat = [](const std::string& packet) { return packet[0] == '\x3A'; };
  EXPECT_EQ(std::ranges::count_if(sent_, is_repeat), 1) << "PUBLISH with DUP";
}

TEST_F(NodeAndGateway, A_gateway_that_crashes_before_the_commit_gets_it_again) {
  run(500);
  measure();
  run(500, false);
  cut();
  gateway_.crash();
  run(10'000);
  EXPECT_EQ(sequences(), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(node_.counters.acknowledged, 1U);
}

TEST_F(NodeAndGateway, A_gateway_that_is_away_for_long_gets_all_that_the_ring_holds) {
  run(500);
  is_unreachable_ = true;
  cut();
  for (int i = 0; i < 70; ++i) {
    measure();
    run(1'000);
  }
  EXPECT_EQ(node_.ring.dropped, 6U);
  is_unreachable_ = false;
  run(400'000);
  EXPECT_EQ(node_.counters.acknowledged, 64U);
  EXPECT_NE(gateway_.events().at(0).find("\"dropped\":6"), std::string::npos);
}

}  // namespace
}  // namespace sluice
