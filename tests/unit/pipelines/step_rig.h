// StepRig: leads a stateful step through blocks, with snapshots written slice by slice meanwhile,
// and crashes: a new step loads the last whole snapshot and replays the blocks since, which must
// give what they gave.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/pipelines/recording.h"

namespace sluice::testing {

inline EngineTime engine_ms(std::int64_t ms) {
  return EngineTime{} + Duration(std::chrono::milliseconds(ms));
}

class StepRig {
 public:
  StepRig(unsigned seed, std::function<StepOrErrors()> make)
      : random_(seed), make_(std::move(make)), step_(must(make_())) {}

  // From `low` to `high`, both included.
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::int64_t n) { return pick(1, n) == 1; }
  Arena& arena() { return out_.arena(); }
  const Recording& out() const { return out_; }
  Step& step() { return *step_; }

  // Maybe a crash, then the block, then maybe a part of a snapshot. Gives what the step emitted.
  std::vector<Event*> run(std::vector<Event*> events, std::int64_t now_ms,
                          std::optional<std::int64_t> watermark_ms = std::nullopt) {
    if (one_in(10)) crash();
    in_ += events.size();
    blocks_.push_back({std::move(events), now_ms, watermark_ms, {}});
    std::vector<Event*> emitted = play(*step_, blocks_.back(), out_, blocks_.back().gave);
    emitted_ += emitted.size();
    save_some();
    return emitted;
  }

  // in = out + held + dropped + failed; out is all outputs. `made` events left that never came in.
  void expect_balance(std::size_t held = 0, std::size_t made = 0) const {
    std::size_t ended = emitted_ + out_.failed.size();
    for (const auto& [reason, count] : out_.dropped) ended += count;
    for (const auto& [output, events] : out_.named) ended += events.size();
    EXPECT_EQ(in_ + made, ended + held);
  }

 private:
  struct Block {
    std::vector<Event*> events;
    std::int64_t now_ms;
    std::optional<std::int64_t> watermark_ms;
    std::vector<std::string> gave;
  };

  static std::vector<std::string> texts(const std::vector<Event*>& events) {
    std::vector<std::string> found;
    for (const Event* event : events) {
      found.push_back(std::string(event->subject) + " " + format_timestamp(event->time) + " " +
                      to_json(event->data));
    }
    return found;
  }

  // What it emits; `gave` is that and what goes to the named outputs.
  static std::vector<Event*> play(Step& step, const Block& block, Recording& out,
                                  std::vector<std::string>& gave) {
    std::map<std::size_t, std::vector<Event*>> before = std::exchange(out.named, {});
    step.process(block.events, out);
    if (block.watermark_ms) step.advance_watermark(at_ms(*block.watermark_ms), out);
    step.advance_time(engine_ms(block.now_ms), out);
    std::vector<Event*> emitted = out.take();
    gave = texts(emitted);
    for (const auto& [output, events] : out.named) {
      for (const std::string& text : texts(events)) {
        gave.push_back(std::to_string(output) + ": " + text);
      }
      before[output].insert(before[output].end(), events.begin(), events.end());
    }
    out.named = std::move(before);
    return emitted;
  }

  void save_some() {
    if (!is_saving_) {
      if (!one_in(6)) return;
      step_->begin_snapshot();
      slices_.clear();
      covered_ = blocks_.size();
      is_saving_ = true;
    }
    slices_.emplace_back();
    if (!step_->save_slice(static_cast<std::size_t>(pick(1, 120)), slices_.back())) return;
    is_saving_ = false;
    snapshot_ = slices_;
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(covered_));
  }

  void crash() {
    step_ = must(make_());
    is_saving_ = false;
    for (const std::string& slice : snapshot_) ASSERT_TRUE(step_->load_slice(slice).is_ok());
    for (const Block& block : blocks_) {
      Recording replayed;
      std::vector<std::string> gives;
      play(*step_, block, replayed, gives);
      EXPECT_EQ(gives, block.gave);
    }
  }

  std::mt19937 random_;
  std::function<StepOrErrors()> make_;
  std::unique_ptr<Step> step_;
  Recording out_;
  std::vector<Block> blocks_;  // since the snapshot
  std::vector<std::string> snapshot_;
  std::vector<std::string> slices_;  // of the snapshot that is being written
  std::size_t covered_ = 0;          // blocks that it covers
  bool is_saving_ = false;
  std::size_t in_ = 0;
  std::size_t emitted_ = 0;
};

// Leads the step through 150 blocks of events of five keys, with times that go back a little and
// small whole numbers as data.v, some of which are texts or missing. `passes` is the oracle:
// whether this event, in order, leaves; it is asked only of events whose data.v is a number.
inline void compare_with_oracle(unsigned seed, const std::function<StepOrErrors()>& make,
                                const std::function<bool(const Event&)>& passes,
                                bool fails_on_text) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  StepRig rig(seed, make);
  std::size_t failing = 0;
  for (int block = 0; block < 150; ++block) {
    std::vector<Event*> events;
    std::vector<Event*> expected;
    for (std::int64_t i = rig.pick(0, 6); i > 0; --i) {
      const std::string key(1, static_cast<char>('a' + rig.pick(0, 4)));
      const std::int64_t ms = block * 10 - rig.pick(0, rig.one_in(8) ? 60 : 12);
      const bool is_text = fails_on_text && rig.one_in(15);
      const Value value = is_text ? Value::string("?") : Value::integer(rig.pick(-4, 8));
      events.push_back(make_event(rig.arena(), key, ms, value));
      if (is_text) {
        ++failing;
      } else if (passes(*events.back())) {
        expected.push_back(events.back());
      }
    }
    ASSERT_EQ(rig.run(std::move(events), block * 10), expected) << "block " << block;
  }
  EXPECT_EQ(rig.out().failed.size(), failing);
  rig.expect_balance();
}

inline std::int64_t value_of(const Event& event) { return event.data.find("v")->as_int(); }
inline std::int64_t ms_of(const Event& event) {
  return event.time.time_since_epoch() / std::chrono::milliseconds(1);
}

}  // namespace sluice::testing
