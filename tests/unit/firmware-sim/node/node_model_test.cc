// A node against a naive model, over seeds: networks that lose, repeat and reorder, gateways that
// refuse and promise, resets that keep the ring and resets that wipe it.
//
// The property: each reading is acknowledged, or in the ring, or counted as dropped, or was lost
// with the memory in a cold start that the gateway was told of.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/unit/firmware-sim/node/model_world.h"

namespace sluice {
namespace {

constexpr std::uint32_t places = 12;

struct Taken {
  std::uint32_t sequence;
  std::vector<std::int32_t> values;
  ReadingId id;
};

class Life {
 public:
  Life(std::uint64_t seed, NodeProtocol protocol, NodeFormat format)
      : memory_(node_ring_bytes(places, 2)) {
    const std::vector<std::string> names{"temperature", "humidity"};
    if (protocol == node_over_coap) {
      world_ = std::make_unique<CoapWorld>(seed, format, names);
    } else {
      world_ = std::make_unique<MqttWorld>(seed, format, names);
    }
    port_ = world_->port();
    config_.name = "dev-7";
    config_.path = "p";
    config_.version = "1";
    config_.channels = channels_;
    config_.channel_count = 2;
    config_.batch = static_cast<std::uint8_t>(world_->random.between(1, 5));
    config_.keep_alive_s = 30;
    config_.protocol = protocol;
    config_.format = format;
    config_.interval_ms = static_cast<std::uint32_t>(world_->random.between(100, 20'000));
    start();
  }

  Weather& weather() { return world_->weather; }
  sim::Random& random() { return world_->random; }
  const Node& node() const { return node_; }
  std::size_t violations() const { return world_->violations; }

  void run_until(std::uint64_t end_ms, unsigned resets_in_10000) {
    while (world_->now_ms < end_ms && !testing::Test::HasFailure()) {
      // A node that is due stays awake until it is given a measurement.
      const std::uint64_t wake_ms =
          is_measuring_ ? node_wake_ms(&node_) + world_->device_offset_ms : world_->now_ms + 100;
      const std::uint64_t next_ms = std::min({wake_ms, world_->next_event_ms(), end_ms});
      world_->now_ms = std::max(world_->now_ms + 1, next_ms);
      world_->run();
      if (world_->random.below(10'000) < resets_in_10000) reset();
      ASSERT_EQ(node_poll(&node_), node_runs);
      check();
      if (node_is_due(&node_) && is_measuring_) measure();
      check();
    }
  }

  // In fair weather and without new readings everything arrives.
  void settle() {
    world_->weather = Weather{};
    is_measuring_ = false;
    const std::uint64_t end_ms = world_->now_ms + 3'600'000;
    while (node_.ring.count > 0 && world_->now_ms < end_ms && !testing::Test::HasFailure()) {
      run_until(world_->now_ms + 1'000, 0);
    }
    EXPECT_EQ(node_.ring.count, 0U);
    for (const Taken& reading : kept_) EXPECT_TRUE(is_received(reading)) << reading.sequence;
    EXPECT_EQ(told_dropped(), dropped_);
  }
  std::size_t kept() const { return kept_.size(); }
  // Of the present life of the memory.
  std::uint32_t told_dropped() const {
    std::uint32_t told = 0;
    for (const auto& [boot, dropped] : world_->received.dropped) {
      if (boot >= first_boot_) told = std::max(told, dropped);
    }
    return told;
  }
  std::uint32_t dropped() const { return dropped_; }
  std::size_t lost() const { return lost_; }
  std::uint64_t now_ms() const { return world_->now_ms; }

 private:
  void start() {
    ASSERT_EQ(node_start(&node_, &config_, &port_, memory_.data(), memory_.size()), node_started);
  }

  void reset() {
    world_->device_was_reset();
    world_->device_offset_ms = world_->now_ms - world_->random.between(0, 1);
    if (world_->random.is_true(30)) {  // cold
      for (std::uint8_t& byte : memory_)
        byte = static_cast<std::uint8_t>(world_->random.below(256));
      lost_ += in_ring_.size();
      for (const std::size_t at : in_ring_) lost_readings_.insert(kept_[at].id);
      in_ring_.clear();
      next_sequence_ = 1;
      dropped_ = 0;
      first_boot_ = node_.saved.boot + 1;
    }
    start();
  }

  void measure() {
    const std::int32_t a = static_cast<std::int32_t>(world_->random.below(1ULL << 32));
    const std::int32_t b = static_cast<std::int32_t>(world_->random.between(0, 100'000));
    const std::int32_t values[] = {a == INT32_MIN ? 0 : a, b};
    const ReadingId id{node_.saved.boot, next_sequence_++};
    const bool has_room = in_ring_.size() < places;
    node_take(&node_, values);
    if (has_room) {
      in_ring_.push_back(kept_.size());
      kept_.push_back({id.sequence, {values[0], values[1]}, id});
    } else {
      ++dropped_;
    }
  }

  bool is_received(const Taken& reading) const {
    const auto found = world_->received.readings.find(reading.id);
    if (found == world_->received.readings.end()) return lost_readings_.contains(reading.id);
    return found->second == reading.values;
  }

  // The ring holds the youngest of what the model holds, in order; what it has let go is received.
  void check() {
    ASSERT_EQ(world_->violations, 0U);
    ASSERT_LE(node_.ring.count, in_ring_.size());
    while (in_ring_.size() > node_.ring.count) {
      const Taken& freed = kept_[in_ring_.front()];
      ASSERT_TRUE(world_->received.readings.contains(freed.id))
          << "reading " << freed.id.boot << "/" << freed.sequence
          << " was let go and nobody has it, at " << world_->now_ms;
      ASSERT_EQ(world_->received.readings[freed.id], freed.values);
      in_ring_.pop_front();
    }
    for (std::uint32_t i = 0; i < node_.ring.count; ++i) {
      const NodeReading reading = node_ring_at(&node_.ring, i);
      ASSERT_EQ((ReadingId{reading.boot, reading.sequence}), kept_[in_ring_[i]].id);
      ASSERT_EQ(reading.values[0], kept_[in_ring_[i]].values[0]);
    }
    ASSERT_EQ(node_.ring.dropped, dropped_);
    // Nothing was invented either.
    ASSERT_LE(world_->received.readings.size(), kept_.size());
  }

  const NodeChannel channels_[2] = {{"temperature", "Cel"}, {"humidity", "%RH"}};
  std::vector<std::uint8_t> memory_;
  std::unique_ptr<ModelWorld> world_;
  NodePort port_{};
  NodeConfig config_{};
  Node node_{};
  bool is_measuring_ = true;

  // The model.
  std::vector<Taken> kept_;          // all that found room, ever
  std::deque<std::size_t> in_ring_;  // indexes of kept_: not acknowledged
  std::set<ReadingId> lost_readings_;
  std::uint32_t next_sequence_ = 1;
  std::uint32_t dropped_ = 0;  // since the last cold start
  std::size_t lost_ = 0;
  std::uint32_t first_boot_ = 1;  // of this life of the memory
};

struct Case {
  NodeProtocol protocol;
  NodeFormat format;
};

class NodeModel : public testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Life> life(std::uint64_t seed) {
    return std::make_unique<Life>(seed, GetParam().protocol, GetParam().format);
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, NodeModel,
                         testing::Values(Case{node_over_coap, node_senml_json},
                                         Case{node_over_coap, node_senml_cbor},
                                         Case{node_over_coap, node_plain_json},
                                         Case{node_over_mqtt, node_senml_cbor},
                                         Case{node_over_mqtt, node_plain_json}));

constexpr std::uint64_t hour_ms = 3'600'000;
constexpr std::uint64_t seeds = 20;

TEST_P(NodeModel, In_fair_weather_nothing_is_dropped_or_repeated) {
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const auto run = life(seed);
    run->run_until(hour_ms / 4, 0);
    run->settle();
    EXPECT_GT(run->kept(), 20U);
    EXPECT_EQ(run->dropped(), 0U);
    EXPECT_EQ(run->node().counters.repeats, 0U);
    EXPECT_EQ(run->node().counters.failures, 0U);
  }
}

TEST_P(NodeModel, In_any_weather_each_reading_is_acknowledged_held_or_counted) {
  std::size_t kept = 0;
  std::uint64_t dropped = 0;
  std::uint64_t repeats = 0;
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const auto run = life(seed);
    for (int change = 0; change < 8 && !HasFailure(); ++change) {
      sim::Random& random = run->random();
      run->weather() = {static_cast<unsigned>(random.below(60)),
                        static_cast<unsigned>(random.below(40)),
                        random.between(0, 6'000),
                        static_cast<unsigned>(random.below(30)),
                        static_cast<unsigned>(random.below(100)),
                        static_cast<unsigned>(random.below(25)),
                        static_cast<unsigned>(random.below(50))};
      run->run_until(run->now_ms() + random.between(10'000, 600'000), change % 2 == 0 ? 0 : 100);
    }
    repeats += run->node().counters.repeats;
    dropped += run->node().ring.dropped;
    run->settle();
    kept += run->kept();
    lost += run->lost();
  }
  // The weather was bad enough to mean something.
  EXPECT_GT(kept, 500U);
  EXPECT_GT(dropped, 50U);
  EXPECT_GT(repeats, 10U);
  EXPECT_GT(lost, 5U);
}

TEST_P(NodeModel, What_was_dropped_is_told_with_the_next_reading) {
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const auto run = life(seed);
    run->weather().loss_percent = 100;
    run->weather().cut_percent = 100;
    run->run_until(hour_ms / 2, 0);
    const std::uint32_t dropped = run->dropped();
    EXPECT_GT(dropped, 0U);
    run->weather() = Weather{};
    run->run_until(run->now_ms() + hour_ms, 0);
    EXPECT_GE(run->told_dropped(), dropped);
    run->settle();
    EXPECT_EQ(run->told_dropped(), run->dropped());
  }
}

}  // namespace
}  // namespace sluice
