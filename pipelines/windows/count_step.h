// CountStep: windows of so many events of a key, in the order in which they came; window.h says
// what they do.
//
//   count 6, every 4:   e e e e e e e e e e e e ...     panes of 2 events, their common divisor
//                       [.|.]                  result with the 4 that there are
//                           [.|.|.]            result with the last 6
//
// What is not full waits for ever, unless there are bounds: a key that is not used for
// `forget_after`, or must make room for another, tells first what no result has told, early.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "pipelines/step.h"
#include "pipelines/steps/bounded_keys.h"
#include "pipelines/windows/counted_keys.h"
#include "pipelines/windows/key_ages.h"
#include "pipelines/windows/pane_merger.h"
#include "pipelines/windows/slice_header.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/window_core.h"

namespace sluice {

// Some events of a key, one after the other.
struct CountPane {
  Span times;  // of the earliest and of the latest event
  Pane pane;
};

// What a count window remembers of one key. The Entry of CountStep's KeyedState.
struct CountPanes {
  // The list has room for at most so many times the panes that are there.
  static constexpr std::size_t max_slack = 3;

  std::vector<CountPane> panes;  // in the order they came; all but the last are full
  std::uint64_t first = 0;       // how many panes the key had before them
  std::uint32_t in_last = 0;     // events in the last one
  std::uint32_t news = 0;        // events since the last result
  KeyUse use;

  void save(std::string& out) const;
  // Reads what save() wrote; fails the reader when that makes no sense.
  void load(ByteReader& in, WindowCore& core);
  std::size_t list_bytes() const { return panes.capacity() * sizeof(CountPane); }
  std::size_t heap_bytes() const;
};

class CountStep final : public Step {
 public:
  static constexpr std::uint32_t max_panes_of_key = 1000;

  struct Rules {
    std::uint32_t count = 0;
    std::uint32_t every = 0;  // 1 to `count`
    std::uint32_t max_keys = 0;
    std::uint32_t max_panes = 0;
    std::size_t max_memory = 0;
    WhenFull when_full = WhenFull::refuse;
    Duration forget_after{0};  // in engine time since the last event; zero: never

    // Events in a pane.
    std::uint32_t pane_events() const;
  };

  CountStep(const Rules& rules, WindowCore core)
      : rules_(rules), core_(std::move(core)), merger_(core_) {}

  bool uses_data() const override { return core_.uses_data(); }
  void process(std::span<Event* const> events, StepOutput& out) override;
  void advance_time(EngineTime now, StepOutput& out) override;
  std::optional<EngineTime> next_timer() const override;

  bool is_stateful() const override { return true; }
  void begin_snapshot() override;
  bool save_slice(std::size_t max_bytes, std::string& out) override;
  Result<void> load_slice(std::string_view slice) override;
  std::size_t memory_bytes() const override;
  std::size_t memory_limit() const override { return window_memory_limit(rules_.max_memory); }

 private:
  using Keys = CountedKeys<CountPanes>;
  using Slot = Keys::Slot;

  void take(Event* event, StepOutput& out);
  bool has_open_pane(Slot slot) const;
  std::string_view why_refused(std::string_view key, Slot slot, bool is_new) const;
  std::size_t state_bytes() const;
  void keep_within_bounds();
  void open(CountPanes& panes, Timestamp time);
  PaneMerger::Window<CountPane> window_of(const CountPanes& panes) const;
  void fire(Slot slot, bool is_early, StepOutput& out);
  void leave(Slot slot, std::string_view why, StepOutput& out);
  void erase(Slot slot);
  void forget_old(Slot slot, CountPanes& panes);

  const Rules rules_;

  // State.
  WindowCore core_;  // panes in keys_ refer to it
  Keys keys_;

  // Follow from the state.
  KeyAges ages_;
  std::size_t panes_ = 0;
  std::size_t list_bytes_ = 0;  // of all CountPanes
  PaneMerger merger_;           // only makes it faster

  SliceHeader slice_header_;  // of the running snapshot
};

}  // namespace sluice
