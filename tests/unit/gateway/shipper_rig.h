// The shipper under test, between a store that can fail and an upstream that answers as it is told.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/shipper.h"
#include "storage/memory_store.h"
#include "storage/outbox.h"

namespace sluice {

class ManualClock final : public Clock {
 public:
  Timestamp wall() const override { return Timestamp(now); }
  Duration monotonic() const override { return now; }
  Duration now = std::chrono::seconds(100);
};

// An upstream that answers as it is told: each batch at once, or when the test says so.
class ToldSink final : public Sink {
 public:
  std::size_t max_in_flight() const override { return places; }
  void submit(const OutgoingBatch& batch) override {
    ids.push_back(batch.id);
    bodies.push_back(batch.body);
    if (is_holding) {
      held.emplace(batch.id, batch.ticket);
    } else {
      pending.push_back({batch.ticket, answer, "because", retry_after});
    }
  }
  void poll(Duration timeout, std::vector<Delivery>& done) override {
    last_timeout = timeout;
    done.insert(done.end(), pending.begin(), pending.end());
    pending.clear();
  }
  void wake() override {}

  // Answers a batch that is_holding has kept, at the next poll().
  void end(const std::string& id, Delivery::Outcome outcome, Duration wish = {}) {
    const auto found = held.find(id);
    ASSERT_NE(found, held.end()) << id;
    pending.push_back({found->second, outcome, "because", wish});
    held.erase(found);
  }
  // The ids that were submitted since the last call.
  std::vector<std::string> take_ids() { return std::exchange(ids, {}); }

  std::size_t places = 1;
  bool is_holding = false;
  Delivery::Outcome answer = Delivery::Outcome::delivered;
  Duration retry_after{};
  std::vector<std::string> ids;
  std::vector<std::string> bodies;
  std::map<std::string, std::uint64_t> held;
  std::vector<Delivery> pending;
  Duration last_timeout{};
};

// A store whose reads fail while the test says so.
class UnreadableStore final : public Store {
 public:
  Result<void> commit(const WriteBatch& batch) override { return memory.commit(batch); }
  Result<std::optional<std::string>> get(std::string_view key) const override {
    if (is_unreadable) return Error{ErrorKind::try_later, "no"};
    return memory.get(key);
  }
  Result<void> scan(std::string_view first, std::string_view end,
                    const Visit& visit) const override {
    if (is_unreadable) return Error{ErrorKind::try_later, "no"};
    return memory.scan(first, end, visit);
  }
  Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const override {
    return memory.last(first, end);
  }
  StoreUsage usage() const override { return memory.usage(); }

  MemoryStore memory;
  bool is_unreadable = false;
};

class ShipperTest : public testing::Test {
 protected:
  static constexpr LaneId urgent{1, 0};
  static constexpr LaneId lane{1, 4};

  void start(BatchConfig batch, std::uint64_t shipped = 1) {
    batch.compress = false;
    ShipperConfig config;
    config.sink_name = "cloud";
    config.sink_number = 1;
    config.store_id = "id";
    config.batch = batch;
    auto sink = std::make_unique<ToldSink>();
    sink_ = sink.get();
    LaneState state;
    state.shipped = shipped;
    shipper_ = std::make_unique<Shipper>(
        config, store_, border_, clock_, metrics_, std::move(sink),
        std::map<LaneId, LaneState>{{urgent, LaneState{}}, {lane, state}});
  }
  // The same, each event a batch of its own and `places` of them at a time.
  void start_single(std::size_t places) {
    start({.max_events = 1, .max_age = Duration{0}});
    sink_->places = places;
  }
  // Commits `count` more events and tells the shipper.
  void put(std::size_t count) { put(lane, count, next_); }
  void put(LaneId to, std::size_t count, std::uint64_t& next) {
    std::vector<Event> events(count);
    std::vector<const Event*> pointers;
    for (Event& event : events) {
      event.payload = "1";
      event.has_payload = true;
      event.datacontenttype = "application/json";
      event.type = "t";
      pointers.push_back(&event);
    }
    FrameCodec codec;
    WriteBatch batch;
    put_outbox(batch, codec, to, next, {}, pointers, false);
    ASSERT_TRUE(store_.commit(batch));
    next += count;
    border_.publish(to, next);
  }
  std::string acknowledged() {
    std::string all;
    for (const Acknowledgement& done : border_.take_acknowledgements()) {
      all += std::to_string(done.first) + "-" + std::to_string(done.end) +
             (done.is_rejected ? "!" : "") + " ";
    }
    return all;
  }

  // Submits what is due, and handles what was answered.
  void turn() { shipper_->turn(std::chrono::seconds(1)); }
  void wait_out_back_off(Duration longest) {
    clock_.now += longest;
    turn();
  }

  UnreadableStore store_;
  ManualClock clock_;
  Metrics metrics_;
  OutboxBorder border_;
  ToldSink* sink_ = nullptr;
  std::unique_ptr<Shipper> shipper_;
  std::uint64_t next_ = 1;
};

}  // namespace sluice
