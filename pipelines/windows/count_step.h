// CountStep: windows of so many events of a key, in the order in which they came; window.h says
// what they do.
//
//   count 6, every 4:   e e e e e e e e e e e e ...     panes of 2 events, their common divisor
//                       [.|.]                  result with the 4 that there are
//                           [.|.|.]            result with the last 6
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "pipelines/keyed_state.h"
#include "pipelines/step.h"
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
  std::vector<CountPane> panes;  // in the order they came; all but the last are full
  std::uint32_t in_last = 0;     // events in the last one
  std::uint32_t news = 0;        // events since the last result

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

    // Events in a pane.
    std::uint32_t pane_events() const;
  };

  CountStep(const Rules& rules, WindowCore core) : rules_(rules), core_(std::move(core)) {}

  bool uses_data() const override { return core_.uses_data(); }
  void process(std::span<Event* const> events, StepOutput& out) override;

  bool is_stateful() const override { return true; }
  void begin_snapshot() override;
  bool save_slice(std::size_t max_bytes, std::string& out) override;
  Result<void> load_slice(std::string_view slice) override;
  std::size_t memory_bytes() const override;

 private:
  using Keys = KeyedState<CountPanes>;
  using Slot = Keys::Slot;

  void take(Event* event, StepOutput& out);
  bool has_open_pane(Slot slot) const;
  void open(CountPanes& panes, Timestamp time);
  void fire(Slot slot, CountPanes& panes, StepOutput& out);
  void forget_old(Slot slot, CountPanes& panes);

  const Rules rules_;

  // State.
  WindowCore core_;  // panes in keys_ refer to it
  Keys keys_;

  // Follow from the state.
  std::size_t panes_ = 0;
  std::size_t list_bytes_ = 0;  // of all CountPanes

  SliceHeader slice_header_;  // of the running snapshot
};

}  // namespace sluice
