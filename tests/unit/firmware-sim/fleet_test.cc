// Whole fleets in a world whose clock jumps: hours of faults in milliseconds.
#include "firmware-sim/fleet/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/unit/firmware-sim/fleet_world.h"

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Two kinds of twenty, one over each protocol, a reading each second for five minutes.
FleetSpec two_kinds() {
  FleetSpec spec;
  spec.seed = 7;
  spec.duration = 5min;
  for (const Protocol protocol : {Protocol::mqtt, Protocol::coap}) {
    KindSpec& kind = spec.kinds[std::string(name_of(protocol))];
    kind.count = 20;
    kind.protocol = protocol;
    kind.interval = 1s;
    kind.ring = 1000;
    kind.signals["temperature"].base = 20;
    kind.signals["temperature"].walk = WalkSpec{0.1, 5};
  }
  return spec;
}

void every_fault(FaultsSpec& faults) {
  faults.loss = 0.05;
  faults.duplicates = 0.05;
  faults.reorder = 0.05;
  faults.cut = 0.02;
  faults.malformed = 0.02;
  faults.clock_skew = 2s;
  faults.clock_drift_ppm = 100;
  faults.offline = EpisodeSpec{2min, 20s};
  faults.brown_out = BrownOutSpec{{3min, 5s}, 0.5};
  faults.stuck = StuckSpec{{1min, 10s}, {}};
  faults.flood = FloodSpec{{3min, 5s}, 5};
}

struct Ran {
  Counts counts;
  std::vector<SentRecord> ledger;
  std::string ledger_text;
};

class FleetRun : public testing::Test {
 protected:
  FleetRun()
      : path_(testing::TempDir() + "fleet_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~FleetRun() override { std::filesystem::remove(path_); }

  Ran run(const FleetSpec& spec, FleetWorld& world) {
    Tally tally;
    EXPECT_TRUE(tally.open(path_).is_ok());
    auto fleet = Fleet::make(spec, world, tally, world.wall_ms());
    EXPECT_TRUE(fleet.is_ok()) << fleet.error().message;
    const std::atomic<int> stops{0};
    (*fleet)->run(stops);
    EXPECT_TRUE(tally.close().is_ok());
    Ran ran{tally.counts, {}, {}};
    EXPECT_TRUE(read_sent(path_, [&](SentRecord record) {
                  ran.ledger.push_back(std::move(record));
                }).is_ok());
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    ran.ledger_text = text.str();
    return ran;
  }
  Ran run(const FleetSpec& spec) {
    FleetWorld world(Fleet::protocols(spec));
    return run(spec, world);
  }

 private:
  std::string path_;
};

// What the ledger says, held against what the gateway has.
void expect_true(const Ran& ran, const FleetWorld& world) {
  const Counts& counts = ran.counts;
  EXPECT_EQ(ran.ledger.size(), counts.sent) << "a line for each event";
  std::uint64_t acknowledged = 0;
  std::set<std::tuple<std::string, std::uint64_t, std::uint64_t>> lines;
  for (const SentRecord& record : ran.ledger) {
    const std::tuple id(record.device, record.boot, record.seq);
    EXPECT_TRUE(lines.insert(id).second) << record.device << ' ' << record.seq << " has two lines";
    if (record.expect == Expect::reject) {
      EXPECT_EQ(world.readings.count(id), 0U) << record.device << ' ' << record.seq;
    } else if (record.acked_ms) {
      EXPECT_EQ(world.readings.count(id), 1U) << record.device << ' ' << record.seq << " is lost";
    }
    if (record.acked_ms) ++acknowledged;
  }
  EXPECT_EQ(acknowledged, counts.acknowledged);
  for (const auto& [id, payloads] : world.readings) {
    EXPECT_EQ(lines.count(id), 1U) << "the ledger does not know of " << std::get<0>(id);
  }
}

TEST_F(FleetRun, Each_reading_is_measured_sent_and_acknowledged_once) {
  FleetSpec spec = two_kinds();
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  expect_true(ran, world);
  // Devices are switched on within the first second, and measure within their first interval.
  EXPECT_NEAR(static_cast<double>(ran.counts.measured), 40 * 299, 40);
  EXPECT_EQ(ran.counts.acknowledged, ran.counts.measured);
  EXPECT_EQ(world.readings.size(), ran.counts.measured);
  EXPECT_EQ(world.arrivals.size(), ran.counts.measured);
  EXPECT_EQ(world.connects, 20U);
  EXPECT_EQ(world.repeats, 0U);
  for (const SentRecord& record : ran.ledger) EXPECT_EQ(*record.acked_ms - record.sent_ms, 30);
}

TEST_F(FleetRun, Whatever_goes_wrong_the_account_is_true) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    FleetSpec spec = two_kinds();
    spec.seed = seed;
    spec.drain = 30min;
    for (auto& [name, kind] : spec.kinds) every_fault(kind.faults);
    FleetWorld world(Fleet::protocols(spec));
    const Ran ran = run(spec, world);
    expect_true(ran, world);
    const Counts& counts = ran.counts;
    EXPECT_EQ(counts.measured, counts.skipped + counts.wiped + counts.sent) << "none is forgotten";
    for (const std::uint64_t count :
         {counts.resent, counts.duplicates, counts.lost_packets, counts.late_packets, counts.cuts,
          counts.reconnects, counts.reboots, counts.wiped, counts.malformed, world.repeats}) {
      EXPECT_GT(count, 0U);
    }
    // Only what was on the wire when the memory was wiped is never acknowledged.
    EXPECT_LE(counts.sent - counts.acknowledged, counts.reboots);
  }
}

TEST_F(FleetRun, A_seed_gives_the_same_run_again) {
  FleetSpec spec = two_kinds();
  spec.drain = 30min;
  for (auto& [name, kind] : spec.kinds) every_fault(kind.faults);
  FleetWorld once_world(Fleet::protocols(spec));
  FleetWorld again_world(Fleet::protocols(spec));
  const Ran once = run(spec, once_world);
  const Ran again = run(spec, again_world);
  EXPECT_EQ(once.ledger_text, again.ledger_text);
  EXPECT_EQ(once_world.readings, again_world.readings);
  spec.seed = 8;
  EXPECT_NE(run(spec).ledger_text, once.ledger_text);
}

TEST_F(FleetRun, What_is_measured_depends_on_the_seed_and_not_on_the_network_or_the_machine) {
  // The first payload of each reading, without what depends on the answers.
  const auto measured = [&](double answer_after_ms, double late_ms) {
    FleetSpec spec = two_kinds();
    spec.drain = 30min;
    for (auto& [name, kind] : spec.kinds) {
      kind.faults.stuck = StuckSpec{{1min, 10s}, {99}};
      kind.faults.flood = FloodSpec{{3min, 5s}, 5};
    }
    FleetWorld world(Fleet::protocols(spec));
    world.answer_after_ms = answer_after_ms;
    world.late_ms = late_ms;
    EXPECT_EQ(run(spec, world).counts.skipped, 0U);
    return world.readings;
  };
  const auto fast = measured(5, 0);
  const auto slow = measured(900, 37);
  EXPECT_EQ(fast.size(), slow.size());
  for (const auto& [id, payloads] : fast) {
    const auto found = slow.find(id);
    ASSERT_NE(found, slow.end());
    EXPECT_EQ(payloads.front(), found->second.front());
  }
}

TEST_F(FleetRun, A_storm_multiplies_the_readings_and_an_outage_holds_them_back) {
  FleetSpec spec = two_kinds();
  spec.phases = {{.name = "calm", .lasts = 60s},
                 {.name = "storm", .lasts = 30s, .rate = 10},
                 {.name = "outage", .lasts = 60s, .offline = 1},
                 {.name = "calm", .lasts = 60s}};
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  expect_true(ran, world);
  EXPECT_EQ(ran.counts.acknowledged, ran.counts.measured) << "stored, then forwarded";
  std::map<int, int> arrived;  // by ten seconds
  for (const auto& [at, link] : world.arrivals) ++arrived[static_cast<int>(at / 10'000)];
  EXPECT_NEAR(arrived[3], 400, 10);
  EXPECT_NEAR(arrived[7], 4000, 200);
  EXPECT_EQ(arrived[10] + arrived[12] + arrived[14], 0);
  EXPECT_GT(arrived[15], 1500) << "the backlog";
  EXPECT_NEAR(arrived[20], 400, 10);
}

TEST_F(FleetRun, A_device_without_a_network_is_silent_and_catches_up) {
  FleetSpec spec = two_kinds();
  const EpisodeSpec offline{30s, 10s};
  for (auto& [name, kind] : spec.kinds) kind.faults.offline = offline;
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  expect_true(ran, world);
  EXPECT_EQ(ran.counts.acknowledged, ran.counts.measured);
  std::map<World::Link, Episodes> episodes;
  for (const auto& [at, link] : world.arrivals) {
    if (at >= 300'000) continue;  // at the end all have a network
    auto& outages = episodes.try_emplace(link, offline, spec.seed, "offline", link).first->second;
    EXPECT_FALSE(outages.is_on_at(at)) << "link " << link << " at " << at;
  }
}

TEST_F(FleetRun, A_ramp_brings_the_devices_one_after_the_other) {
  FleetSpec spec = two_kinds();
  spec.phases = {{.name = "ramp", .lasts = 100s, .ramp = true}, {.name = "on", .lasts = 10s}};
  FleetWorld world(Fleet::protocols(spec));
  (void)run(spec, world);
  std::set<World::Link> before_half;
  for (const auto& [at, link] : world.arrivals) {
    if (at < 50'000) before_half.insert(link);
  }
  EXPECT_NEAR(static_cast<double>(before_half.size()), 20, 7);
}

TEST_F(FleetRun, A_reading_is_stamped_when_it_was_due_by_a_clock_that_is_wrong) {
  FleetSpec spec = two_kinds();
  spec.kinds.erase("coap");
  KindSpec& kind = spec.kinds.at("mqtt");
  kind.count = 1;
  kind.faults.clock_skew = 10s;
  kind.faults.offline = EpisodeSpec{20s, 10s};
  FleetWorld world(Fleet::protocols(spec));
  const std::int64_t start_ms = world.wall_ms();
  (void)run(spec, world);
  std::optional<std::int64_t> last;
  for (const auto& [id, payloads] : world.readings) {
    const std::size_t at = payloads[0].find("\"ts\":\"") + 6;
    const auto stamp = parse_timestamp(payloads[0].substr(at, payloads[0].find('"', at) - at));
    ASSERT_TRUE(stamp.is_ok());
    const std::int64_t ms = stamp->time_since_epoch() / 1ms;
    if (last) {
      EXPECT_EQ(ms - *last, 1000);
    } else {
      EXPECT_GT(std::abs(ms - start_ms), 2000) << "this seed's clock is off";
    }
    last = ms;
  }
  EXPECT_GT(world.readings.size(), 290U);
}

TEST_F(FleetRun, A_full_ring_drops_what_is_new_and_counts_it) {
  FleetSpec spec = two_kinds();
  spec.phases = {{.name = "outage", .lasts = 60s, .offline = 1}, {.name = "calm", .lasts = 60s}};
  for (auto& [name, kind] : spec.kinds) kind.ring = 10;
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  expect_true(ran, world);
  EXPECT_NEAR(static_cast<double>(ran.counts.skipped), 40 * 49, 40 * 3);
  EXPECT_EQ(ran.counts.acknowledged + ran.counts.skipped, ran.counts.measured);
}

TEST_F(FleetRun, A_gateway_that_never_answers_leaves_its_events_unacknowledged) {
  FleetSpec spec = two_kinds();
  spec.kinds.erase("mqtt");
  spec.duration = 10s;
  spec.drain = 20s;
  FleetWorld world(Fleet::protocols(spec));
  world.is_deaf = true;
  const Ran ran = run(spec, world);
  EXPECT_NEAR(world.now_ms(), 30'000, 500);
  EXPECT_EQ(ran.counts.sent, 20U) << "one at a time";
  EXPECT_EQ(ran.counts.acknowledged, 0U);
  EXPECT_GT(ran.counts.resent, 20U);
  ASSERT_EQ(ran.ledger.size(), 20U);
  for (const SentRecord& record : ran.ledger) EXPECT_FALSE(record.acked_ms);
}

TEST_F(FleetRun, What_the_gateway_says_will_never_fit_is_dropped_and_told) {
  FleetSpec spec = two_kinds();
  spec.kinds.erase("mqtt");
  spec.duration = 60s;
  FleetWorld world(Fleet::protocols(spec));
  world.coap_code = 0x8D;  // 4.13
  const Ran ran = run(spec, world);
  expect_true(ran, world);
  EXPECT_GT(ran.counts.refused, 20U);
  EXPECT_EQ(ran.counts.skipped, 0U);
  EXPECT_EQ(ran.counts.refused, ran.counts.sent);
}

TEST_F(FleetRun, What_the_filter_should_drop_is_told_to_the_account) {
  FleetSpec spec = two_kinds();
  for (auto& [name, kind] : spec.kinds) {
    kind.signals.at("temperature").filtered_above = 85;
    kind.faults.stuck = StuckSpec{{9s, 1s}, {-127, 85}};
  }
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  std::uint64_t filtered = 0;
  for (const SentRecord& record : ran.ledger) {
    const std::string& payload = world.readings.at({record.device, record.boot, record.seq})[0];
    const bool is_hot = payload.find("\"temperature\":85") != std::string::npos;
    EXPECT_EQ(record.expect == Expect::filtered, is_hot) << payload;
    filtered += is_hot ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(filtered), 0.05 * static_cast<double>(ran.ledger.size()), 200);
}

TEST_F(FleetRun, A_recording_is_played_with_its_own_stamps) {
  const std::string file = testing::TempDir() + "fleet_recording.csv";
  std::ofstream(file) << "time,value\n2013-07-04 00:00:00,69.5\n2013-07-04 00:00:10,71.25\n"
                         "2013-07-04 00:00:11,70\n2013-07-04 00:02:00,68\n";
  FleetSpec spec = two_kinds();
  for (auto& [name, kind] : spec.kinds) {
    kind.count = 2;
    kind.signals.at("temperature").column = "value";
    kind.replay.emplace().file = file;
    kind.replay->time = {"time"};
  }
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  std::filesystem::remove(file);
  EXPECT_EQ(ran.counts.measured, 4 * 4U);
  EXPECT_THAT(world.readings.at({"mqtt-0001", 1, 3})[0],
              HasSubstr("\"ts\":\"2013-07-04T00:00:11.000Z\",\"temperature\":70}"));
  EXPECT_THAT(world.readings.at({"coap-0000", 1, 4})[0], HasSubstr("00:02:00.000Z"));
}

TEST_F(FleetRun, A_deadband_keeps_small_changes_at_home) {
  FleetSpec spec = two_kinds();
  for (auto& [name, kind] : spec.kinds) {
    kind.signals.at("temperature").deadband = 0.5;
    kind.max_silence = 30s;
  }
  FleetWorld world(Fleet::protocols(spec));
  const Ran ran = run(spec, world);
  EXPECT_GT(ran.counts.suppressed, ran.counts.measured / 2);
  EXPECT_EQ(ran.counts.suppressed + ran.counts.acknowledged, ran.counts.measured);
  EXPECT_GE(ran.counts.acknowledged, 40 * 9U) << "at least every 30 s";
}

TEST_F(FleetRun, Another_boot_gives_other_identities) {
  FleetSpec spec = two_kinds();
  spec.duration = 5s;
  spec.first_boot = 12;
  for (const SentRecord& record : run(spec).ledger) EXPECT_EQ(record.boot, 12U);
}

}  // namespace
}  // namespace sluice::sim
