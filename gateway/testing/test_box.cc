#include "gateway/testing/test_box.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "drivers/codecs/cloudevents.h"
#include "gateway/assembly.h"
#include "gateway/engine.h"
#include "gateway/intake_queue.h"
#include "gateway/outbox_border.h"
#include "gateway/testing/dead_letter_json.h"
#include "storage/dead_letters.h"
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/outbox.h"

namespace sluice {
namespace {

// Not random, so that a test may even name the ids that events get.
constexpr const char* test_store_id = "7e577e577e577e57";

}  // namespace

// What is gone with the process.
struct TestBox::Life {
  Metrics metrics;
  IntakeQueue intake{IntakeBounds{}};
  OutboxBorder border;
  std::unique_ptr<Engine> engine;
};

TestBox::TestBox(const TestFile& file, Timestamp now) : file_(file), clock_(now) {}
TestBox::~TestBox() = default;

Result<std::unique_ptr<TestBox>> TestBox::start(const TestFile& file, Timestamp now) {
  auto box = std::unique_ptr<TestBox>(new TestBox(file, now));
  WriteBatch batch;
  batch.put(std::string(1, keys::meta) + "id", test_store_id);
  TRY(box->store_.commit(batch));
  TRY(box->begin_life());
  TRY(box->life_->engine->snapshot_now());  // as the gateway does for a new configuration
  return box;
}

Result<RecoveryReport> TestBox::begin_life() {
  life_ = std::make_unique<Life>();
  FrameCodec codec;
  std::uint64_t damaged = 0;
  Head head = TRY(recover_head(store_, codec, damaged));
  Configuration configuration = configuration_under_test(file_);
  EngineConfig config = engine_config(configuration);
  config.epoch = 1;
  for (const SinkPlan& sink : configuration.sinks) head.sink_number(sink.name);
  for (const std::string& tap : file_.taps) head.sink_number(tap);
  Assembly assembly = TRY(assemble(configuration, test_store_id, &life_->metrics));
  RecoveryReport report = TRY(recover_into(store_, codec, test_store_id, assembly));
  report.damaged_records += damaged;
  config.snapshot_block = report.snapshot_block;
  life_->engine = std::make_unique<Engine>(
      EngineContext{store_, clock_, life_->metrics, life_->intake, life_->border},
      std::move(config), test_store_id, std::move(head), std::move(assembly.graph),
      engine_sources(std::move(assembly.makers)));
  TRY(life_->engine->recall_repeats());
  return report;
}

Result<void> TestBox::beat() {
  TRY(life_->engine->housekeep());
  if (life_->engine->is_blocked()) return Error{ErrorKind::no_space, "the test's store is full"};
  TRY(life_->engine->beat());
  return {};
}

Result<void> TestBox::send(const SentMessage& sent) {
  Message message;
  message.receipt = Receipt{++last_receipt_};
  message.repeat = sent.repeat;
  message.qos = 1;
  message.number = sent.number;
  message.sender = sent.sender;
  message.sender_key = sent.token;
  message.topic = sent.topic;
  message.content_type = sent.content_type;
  message.payload = sent.payload;
  std::vector<Property> properties;
  properties.reserve(sent.properties.size());
  for (const auto& [name, value] : sent.properties) properties.push_back({name, value});
  message.user_properties = properties;
  message.received = clock_.wall();
  MessageBatch batch;
  batch.add(message);
  SourceIntake(life_->intake, sent.source).offer(batch);
  return beat();
}

Result<void> TestBox::wait(Duration duration) {
  Duration left = duration;
  while (const auto timer = life_->engine->graph().next_timer()) {
    const Duration until = std::max(Duration{0}, *timer - life_->engine->now());
    if (until > left) break;
    clock_.advance(until);
    left -= until;
    TRY(beat());
    if (life_->engine->graph().next_timer() == timer) break;  // it waits for something else
  }
  clock_.advance(left);
  return {};
}

Result<RecoveryReport> TestBox::restart(Duration off) {
  life_->engine->stop();
  life_->engine->run();  // drains, and saves the state
  clock_.advance(off);
  return begin_life();
}

Result<RecoveryReport> TestBox::crash(Duration off) {
  life_.reset();
  clock_.advance(off);
  return begin_life();
}

Result<std::vector<std::string>> TestBox::sink_events(const std::string& sink) const {
  const Head head = life_->engine->head();
  const auto number = head.sinks.find(sink);
  CHECK(number != head.sinks.end());
  using Committed = std::tuple<std::uint64_t, std::uint8_t, std::string>;  // block, lane, event
  std::vector<Committed> all;
  for (const auto& [lane, state] : head.lanes) {
    if (lane.sink != number->second) continue;
    OutboxReader reader(store_, lane, test_store_id);
    for (std::uint64_t sequence = 1; sequence < state.next;) {
      const OutboxReader::Found found = TRY(reader.read(sequence));
      if (!found.is_found) break;
      if (found.is_damaged) return Error{ErrorKind::corrupt, found.damage};
      for (const Event& event : found.record.events) {
        std::string line;
        append_cloudevent(line, event);
        all.emplace_back(found.record.header.block, lane.lane, std::move(line));
      }
      sequence = found.record.end;
    }
  }
  std::ranges::stable_sort(all, [](const Committed& a, const Committed& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<std::string> events;
  events.reserve(all.size());
  for (Committed& committed : all) events.push_back(std::move(std::get<2>(committed)));
  return events;
}

Result<std::vector<std::string>> TestBox::dead_letters() const {
  std::vector<std::string> letters;
  FrameCodec codec;
  std::uint64_t damaged = 0;
  TRY(read_dead_letters(store_, codec, test_store_id, 1, damaged,
                        [&](const DeadLetter& letter, const BlockHeader&) {
                          letters.push_back(dead_letter_json(letter));
                          return true;
                        }));
  if (damaged > 0) return Error{ErrorKind::corrupt, "a dead letter is damaged"};
  return letters;
}

}  // namespace sluice
