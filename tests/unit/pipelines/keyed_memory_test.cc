// What keyed steps may take holds when they are attacked: random keys, large values, a snapshot
// under way.

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "pipelines/steps/changed.h"
#include "pipelines/steps/debounce.h"
#include "pipelines/steps/dedupe.h"
#include "tests/unit/pipelines/recording.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using testing::Recording;

constexpr std::size_t max_memory = std::size_t{256} << 10;

KeyedConfig attacked(WhenFull when_full) {
  return {"subject", {10'000'000, max_memory, when_full, {}}};
}

struct Attack {
  std::string_view name;
  std::size_t key_bytes;
  std::size_t value_bytes;
  std::function<StepOrErrors()> make;
};

class KeyedMemory : public ::testing::TestWithParam<Attack> {};

TEST_P(KeyedMemory, Never_exceeds_its_limit) {
  const auto step = testing::must(GetParam().make());
  std::mt19937 random(1);
  const auto text = [&](std::size_t max_bytes) {
    std::string made(random() % max_bytes + 1, ' ');
    for (char& c : made) c = static_cast<char>('a' + random() % 26);
    return made;
  };
  std::size_t in = 0;
  std::size_t out_or_dropped = 0;
  std::size_t highest = 0;
  for (int block = 0; block < 300; ++block) {
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      const std::string value = text(GetParam().value_bytes);
      events.push_back(testing::make_event(out.arena(), text(GetParam().key_bytes), block,
                                           Value::string(out.arena().copy(value))));
    }
    step->process(events, out);
    step->advance_time(testing::engine_ms(block), out);
    if (block % 40 == 0) step->begin_snapshot();
    std::string slice;
    step->save_slice(1000, slice);
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
    highest = std::max(highest, step->memory_bytes());
    in += events.size();
    out_or_dropped += out.emitted.size() + out.dropped["max_keys"];
  }
  EXPECT_GE(highest, max_memory / 2) << "the attack did not come near the limit";
  EXPECT_LE(step->memory_limit(), 4 * max_memory);
  EXPECT_GE(out_or_dropped, in / 2);  // debounce holds some; none vanishes
}
INSTANTIATE_TEST_SUITE_P(
    Attacks, KeyedMemory,
    ::testing::Values(
        Attack{"ChangedEvicts", 16, 1000,
               [] {
                 return make_changed({attacked(WhenFull::evict), "data.v"});
               }},
        Attack{"ChangedRefuses", 1000, 100,
               [] {
                 return make_changed({attacked(WhenFull::refuse), "data.v"});
               }},
        Attack{"DebounceEvicts", 2, 60'000,
               [] {
                 return make_debounce({attacked(WhenFull::evict), std::chrono::hours(1), {}});
               }},
        Attack{"DedupeSmallKeys", 8, 1,
               [] {
                 DedupeConfig config;
                 config.by = "subject";
                 config.remember = 10'000'000;
                 config.max_memory = max_memory;
                 return make_dedupe(config);
               }}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sluice
