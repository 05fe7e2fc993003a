// Boxes without a real-time clock: what they stamped before they were told the time.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/batch_cutter.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr LaneId lane{1, 0};
constexpr Timestamp truth = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 8h;

class BoxClock : public testing::Test {
 protected:
  // An event that came 100 s after the boot, when the box believed it to be `believed`.
  void store(Timestamp believed, TimeQuality quality, Timestamp own_time = {}) {
    Event event;
    event.id = "id/1";
    event.source = "//box/floor/dev";
    event.type = "sluice.event";
    event.payload = "1";
    event.has_payload = true;
    event.received = believed;
    event.time = own_time == Timestamp{} ? believed : own_time;
    const Event* events[] = {&event};
    BlockHeader header;
    header.boot_id = 7;
    header.monotonic = 100s;
    header.wall = believed;
    header.time_quality = quality;
    header.gateway = "box";
    WriteBatch batch;
    put_outbox(batch, codec_, lane, 1, header, events, false);
    ASSERT_TRUE(store_.commit(batch));
  }
  nlohmann::json sent(std::vector<BootClock> clocks) {
    BatchConfig config;
    config.compress = false;
    config.max_age = 0s;
    BatchCutter cutter(store_, lane, "id", config, 1);
    cutter.set_boot_clocks(std::move(clocks));
    return nlohmann::json::parse(cutter.cut(2, 0s).value()->body);
  }
  // That boot's clock, set right: the event came at `truth`.
  static std::vector<BootClock> known() { return {{7, truth.time_since_epoch() - 100s}}; }

  MemoryStore store_;
  FrameCodec codec_;
};

TEST_F(BoxClock, A_time_of_1970_is_corrected_once_the_boot_s_clock_is_known_and_marked) {
  store(Timestamp(40s), TimeQuality::unknown);
  const auto event = sent(known());
  EXPECT_EQ(event["time"], "2026-11-23T08:00:00Z");
  EXPECT_EQ(event["timequality"], "corrected");
}

TEST_F(BoxClock, A_plausible_time_that_was_wrong_is_corrected_too) {
  store(truth - 26h, TimeQuality::unknown);
  EXPECT_EQ(sent(known())["time"], "2026-11-23T08:00:00Z");
}

TEST_F(BoxClock, A_time_that_was_right_stays_and_is_not_marked) {
  store(truth + 200ms, TimeQuality::unknown);
  const auto event = sent(known());
  EXPECT_EQ(event["time"], "2026-11-23T08:00:00.2Z");
  EXPECT_FALSE(event.contains("timequality"));
}

TEST_F(BoxClock, A_synchronised_clock_s_times_stay) {
  store(truth - 26h, TimeQuality::synchronised);
  EXPECT_FALSE(sent(known()).contains("timequality"));
}

TEST_F(BoxClock, The_sender_s_own_time_is_never_touched) {
  store(Timestamp(40s), TimeQuality::unknown, truth - 5s);
  const auto event = sent(known());
  EXPECT_EQ(event["time"], "2026-11-23T07:59:55Z");
  EXPECT_FALSE(event.contains("timequality"));
}

TEST_F(BoxClock, Another_boot_s_clock_says_nothing_and_an_impossible_time_is_marked) {
  store(Timestamp(40s), TimeQuality::unknown);
  const auto event = sent({{8, truth.time_since_epoch()}});
  EXPECT_EQ(event["time"], "1970-01-01T00:00:40Z");
  EXPECT_EQ(event["timequality"], "unknown");
}

}  // namespace
}  // namespace sluice
