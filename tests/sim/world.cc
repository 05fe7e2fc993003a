#include "tests/sim/world.h"

#include <algorithm>
#include <array>

#include "drivers/codecs/cloudevents.h"
#include "storage/dead_letters.h"

namespace sluice::sim {
namespace {

constexpr std::size_t devices_per_source = 2;
// Repeats are remembered for 247 s: devices here come back sooner.
constexpr Duration longest_run = std::chrono::seconds(200);

enum Action : std::size_t {
  devices_measure,
  device_sends,
  engine_beats,
  shipper_turns,
  acknowledgements_arrive,
  device_reconnects,
  upstream_changes,
  time_passes,
  commits_fail,
  box_crashes,
  box_crashes_in_commit,
  box_restarts,
  action_count,
};
constexpr std::array<unsigned, action_count> weights = {20, 24, 24, 20, 14, 4, 5, 14, 3, 3, 3, 2};

BoxTuning draw_tuning(Random& random) {
  BoxTuning tuning;
  if (random.is_true(30)) tuning.max_beat_messages = random.count(1, 5);
  if (random.is_true(30)) tuning.intake.max_messages = random.count(2, 12);
  // A block costs some microseconds of the SimClock.
  tuning.snapshot_max_replay = std::chrono::microseconds(random.between(1, 40));
  if (random.is_true(20)) tuning.snapshot_max_replay = std::chrono::hours(1);
  tuning.source_idle_timeout = random.milliseconds(500, 8'000);
  tuning.batch.max_events = random.between(1, 40);
  tuning.batch.max_age = random.milliseconds(0, 400);
  tuning.batch.compress = false;
  tuning.max_in_flight = random.count(1, 4);
  return tuning;
}

class World {
 public:
  explicit World(std::uint64_t seed);
  RunReport run(std::uint64_t steps);

 private:
  void act();
  void measure();
  void change_upstream();
  void pass_time();
  void crash(bool is_in_commit);
  void restart();
  void begin_life(bool is_new_epoch);
  void end_life();

  void come_to_rest();
  void close_windows();
  bool is_at_rest();
  void step_calmly();
  void check();
  void read_dead_letters_into_accounts();
  void trace(std::string_view text);

  Random random_;
  SimClock clock_;
  const BoxTuning tuning_;
  std::unique_ptr<SimStore> store_ = std::make_unique<SimStore>();
  std::vector<Device> devices_;  // source by source
  RunReport report_;
  std::vector<Account> accounts_;       // by sink
  std::vector<Upstream> upstreams_;     // by sink
  std::vector<std::string> undecoded_;  // payloads among the dead letters
  std::unique_ptr<Box> box_;
};

World::World(std::uint64_t seed) : random_(seed), tuning_(draw_tuning(random_)) {
  for (std::size_t source = 0; source < source_count; ++source) {
    for (std::size_t i = 1; i <= devices_per_source; ++i) {
      devices_.emplace_back(std::string(source_names[source]) + "-" + std::to_string(i),
                            source_proofs[source]);
    }
  }
  accounts_.reserve(sink_count);
  for (const char* name : sink_names) {
    accounts_.emplace_back(name, std::vector<std::string>{source_names[0], source_names[1]},
                           report_.complaints);
    upstreams_.emplace_back(clock_, random_,
                            [this, &account = accounts_.back()](std::string_view body) {
                              trace(body);
                              account.take_body(body);
                            });
  }
  begin_life(true);
}

// --- lives ---

void World::begin_life(bool is_new_epoch) {
  Surroundings surroundings{clock_, *store_, {}, {}};
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    surroundings.devices[i / devices_per_source].push_back(&devices_[i]);
    devices_[i].reconnect();
  }
  for (std::size_t i = 0; i < sink_count; ++i) surroundings.upstreams[i] = &upstreams_[i];
  box_ = std::make_unique<Box>(surroundings, tuning_, is_new_epoch);
  const RecoveryReport& recovery = box_->recovery();
  report_.tally.replayed_blocks += recovery.replayed_blocks;
  report_.tally.snapshots_found += recovery.snapshot_block > 0 ? 1 : 0;
  if (recovery.differences > 0) {
    report_.complaints.push_back("the replay gave other outputs than were committed, for " +
                                 std::to_string(recovery.differences) + " of " +
                                 std::to_string(recovery.replayed_blocks) + " blocks");
  }
  if (recovery.damaged_records > 0) report_.complaints.push_back("records are damaged");
}

// Nothing of the box is left but what its disk holds.
void World::end_life() {
  report_.tally.redelivered += box_->metrics().sum("sluice_engine_redelivered_messages_total");
  report_.tally.rejected += box_->metrics().sum("sluice_sink_rejected_events_total");
  box_.reset();
  store_ = std::make_unique<SimStore>(*store_);
}

void World::crash(bool is_in_commit) {
  if (is_in_commit) {
    store_->die_after_next_commit();
    box_->beat();
    if (store_->has_died()) ++report_.tally.crashes_in_commit;
  }
  ++report_.tally.crashes;
  end_life();
  if (random_.is_true(30)) clock_.reboot();
  begin_life(random_.is_true(10));
}

void World::restart() {
  ++report_.tally.clean_restarts;
  box_->stop();
  if (random_.is_true(70)) {
    for (std::size_t i = 0; i < source_count; ++i) box_->source(i).deliver_acknowledgements(1'000);
  }
  end_life();
  begin_life(random_.is_true(30));
}

// --- actions ---

void World::measure() {
  const std::size_t first = random_.index(devices_.size());
  const std::uint64_t readings =
      random_.is_true(10) ? random_.between(10, 60) : random_.between(1, 4);
  for (std::uint64_t i = 0; i < readings; ++i) {
    Device& device = devices_[random_.is_true(80) ? first : random_.index(devices_.size())];
    device.measure(clock_.wall(), random_.below(1'000), random_.is_true(2));
    if (random_.is_true(60)) clock_.advance(random_.milliseconds(1, 120));
  }
}

void World::change_upstream() {
  constexpr std::array<unsigned, 5> mode_weights = {10, 4, 4, 4, 1};
  upstreams_[random_.index(sink_count)].mode =
      static_cast<UpstreamMode>(random_.weighted(mode_weights));
}

void World::pass_time() {
  constexpr std::array<unsigned, 3> lengths = {6, 3, 1};
  constexpr std::array<std::uint64_t, 3> longest_ms = {50, 1'000, 10'000};
  clock_.advance(random_.milliseconds(1, longest_ms[random_.weighted(lengths)]));
}

void World::act() {
  const std::size_t source = random_.index(source_count);
  switch (random_.weighted(weights)) {
    case devices_measure:
      return measure();
    case device_sends:
      return box_->source(source).read_from(random_.index(devices_per_source), random_.count(1, 8));
    case engine_beats:
      if (!box_->beat()) ++report_.tally.failed_commits;
      return;
    case shipper_turns:
      return box_->shipper(random_.index(sink_count)).turn(Duration{0});
    case acknowledgements_arrive:
      return box_->source(source).deliver_acknowledgements(random_.count(1, 20));
    case device_reconnects:
      return devices_[random_.index(devices_.size())].reconnect();
    case upstream_changes:
      return change_upstream();
    case time_passes:
      return pass_time();
    case commits_fail:
      return store_->fail_next_commits(
          static_cast<int>(random_.between(1, 4)),
          random_.is_true(70) ? ErrorKind::no_space : ErrorKind::try_later);
    case box_crashes:
      return crash(false);
    case box_crashes_in_commit:
      return crash(true);
    case box_restarts:
      return restart();
    default:
      CHECK(false);
  }
}

// --- the end ---

// A turn for everything, and time for back-offs and lingering batches to end.
void World::step_calmly() {
  for (std::size_t source = 0; source < source_count; ++source) {
    for (std::size_t i = 0; i < devices_per_source; ++i) box_->source(source).read_from(i, 8);
  }
  box_->beat();
  for (std::size_t i = 0; i < sink_count; ++i) box_->shipper(i).turn(Duration{0});
  for (std::size_t i = 0; i < source_count; ++i) box_->source(i).deliver_acknowledgements(1'000);
  clock_.advance(std::chrono::milliseconds(200));
}

bool World::is_at_rest() {
  if (std::ranges::any_of(devices_, &Device::has_unacknowledged) || box_->is_busy()) return false;
  const Head head = box_->engine().head();
  return std::ranges::all_of(
      head.lanes, [](const auto& lane) { return lane.second.shipped == lane.second.next; });
}

void World::come_to_rest() {
  store_->fail_next_commits(0, ErrorKind::no_space);
  for (Upstream& upstream : upstreams_) upstream.mode = UpstreamMode::accepts;
  constexpr int enough = 2'000;
  for (int i = 0; i < enough && !is_at_rest(); ++i) step_calmly();
  if (!is_at_rest()) report_.complaints.push_back("it never came to rest: something is stuck");
}

// One reading of each device an hour later moves the watermark past all windows.
void World::close_windows() {
  clock_.advance(std::chrono::hours(1));
  for (Device& device : devices_) device.measure(clock_.wall(), 0, false);
}

void World::read_dead_letters_into_accounts() {
  FrameCodec codec;
  std::uint64_t damaged = 0;
  const auto read = read_dead_letters(*store_, codec, store_id, 0, damaged,
                                      [&](const DeadLetter& letter, const BlockHeader&) {
                                        ++report_.tally.dead_letters;
                                        for (std::size_t i = 0; i < sink_count; ++i) {
                                          if (letter.stage != std::string("sink ") + sink_names[i])
                                            continue;
                                          std::string line;
                                          append_cloudevent(line, letter.event);
                                          accounts_[i].take_line(line);
                                        }
                                        if (letter.stage == "decode")
                                          undecoded_.emplace_back(letter.event.payload);
                                        return true;
                                      });
  CHECK(read.is_ok());
  if (damaged > 0) report_.complaints.push_back("dead letters are damaged");
}

void World::check() {
  read_dead_letters_into_accounts();
  const Timestamp closed = clock_.wall() - std::chrono::minutes(30);
  for (const Account& account : accounts_) {
    account.check_arrived(devices_);
    account.check_windows(closed);
    report_.tally.repeats_upstream += account.repeats();
    report_.tally.windows += account.windows();
    report_.tally.later_revisions += account.later_revisions();
  }
  for (const Device& device : devices_) {
    report_.tally.acknowledged += device.acknowledged().size();
    for (const std::string& payload : device.acknowledged_bad()) {
      if (std::ranges::find(undecoded_, payload) != undecoded_.end()) continue;
      report_.complaints.push_back("LOST: was acknowledged and is no dead letter: " + payload);
    }
  }
}

RunReport World::run(std::uint64_t steps) {
  std::uint64_t step = 0;
  const Duration begin = clock_.wall().time_since_epoch();
  for (; step < steps && report_.complaints.empty(); ++step) {
    if (clock_.wall().time_since_epoch() - begin > longest_run) break;
    act();
  }
  if (report_.complaints.empty()) {
    come_to_rest();
    close_windows();
    come_to_rest();
    crash(false);  // the last recovery must agree as well
    come_to_rest();
    check();
  }
  end_life();
  report_.failed_step = step;
  return std::move(report_);
}

// FNV-1a.
void World::trace(std::string_view text) {
  for (const char c : text) {
    report_.trace = (report_.trace ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
}

}  // namespace

void Tally::add(const Tally& other) {
  crashes += other.crashes;
  crashes_in_commit += other.crashes_in_commit;
  clean_restarts += other.clean_restarts;
  failed_commits += other.failed_commits;
  replayed_blocks += other.replayed_blocks;
  snapshots_found += other.snapshots_found;
  redelivered += other.redelivered;
  acknowledged += other.acknowledged;
  dead_letters += other.dead_letters;
  rejected += other.rejected;
  repeats_upstream += other.repeats_upstream;
  windows += other.windows;
  later_revisions += other.later_revisions;
}

RunReport run(std::uint64_t seed, std::uint64_t steps) { return World(seed).run(steps); }

}  // namespace sluice::sim
