// SharedPaneStep: windows that overlap and share panes: hopping ones, and sliding ones; window.h
// says what they do, PaneLayout how they are cut.
//
//   event --key, values--> KeyedState: key -> SharedPanes -> Pane     one pane gets the event
//                                                  ^
//   due_:  end of a window -> keys -----merge------'   the panes of a window become its result
//   open_: end of the last window with a pane -> keys that have such a pane
//
// A key is in due_ under the end of its next window only; when that fires, it moves on to the one
// after it that holds a pane. So an event costs the same whatever the number of windows it is in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/saturate.h"
#include "pipelines/step.h"
#include "pipelines/windows/counted_keys.h"
#include "pipelines/windows/pane_layout.h"
#include "pipelines/windows/pane_merger.h"
#include "pipelines/windows/shared_panes.h"
#include "pipelines/windows/slice_header.h"
#include "pipelines/windows/timers.h"
#include "pipelines/windows/window_core.h"

namespace sluice {

class SharedPaneStep final : public Step {
 public:
  struct Rules {
    Duration lateness{0};
    bool accumulating = true;
    bool late_by_event = false;
    std::uint32_t max_keys = 0;
    std::uint32_t max_panes = 0;
    std::size_t max_memory = 0;
  };

  SharedPaneStep(std::unique_ptr<PaneLayout> layout, const Rules& rules, WindowCore core);

  std::vector<std::string> outputs() const override { return {"late"}; }
  bool uses_data() const override { return core_.uses_data(); }
  void process(std::span<Event* const> events, StepOutput& out) override;
  void advance_watermark(Timestamp watermark, StepOutput& out) override;
  std::optional<Timestamp> next_watermark() const override { return due_.first(); }

  bool is_stateful() const override { return true; }
  void begin_snapshot() override;
  bool save_slice(std::size_t max_bytes, std::string& out) override;
  Result<void> load_slice(std::string_view slice) override;
  std::size_t memory_bytes() const override;
  std::size_t memory_limit() const override { return window_memory_limit(rules_.max_memory); }

 private:
  using Keys = CountedKeys<SharedPanes>;
  using Slot = Keys::Slot;

  // Where the events of one pane belong.
  struct Place {
    Span pane;
    Timestamp first_end;  // as PaneLayout says
    Timestamp last_end;
  };

  void take(Event* event, StepOutput& out);
  std::string_view why_refused(std::string_view key, Slot slot, bool is_new, bool is_behind) const;
  std::size_t told_bytes_of_key() const;
  std::size_t told_bytes_of_pane() const;
  std::size_t state_bytes() const;
  void keep_within_bounds();
  Pane& open(Slot slot);
  void note_news(Slot slot, Emit::Readings values, Timestamp time);
  void schedule(Slot slot, SharedPanes& panes, Timestamp end);
  bool is_closed(Timestamp end) const { return add_saturated(end, rules_.lateness) <= watermark_; }

  void fire_late(StepOutput& out);
  void fire_due(StepOutput& out);
  void move_on(Slot slot, SharedPanes& panes, Timestamp end);
  PaneMerger::Window<SharedPane> panes_of(Slot slot, Timestamp end) const;
  void emit(Slot slot, Timestamp end, std::uint32_t revision, const Pane& pane, StepOutput& out);
  void close_past();

  // Constant after construction.
  const std::unique_ptr<PaneLayout> layout_;
  const Rules rules_;

  // State.
  WindowCore core_;  // panes in keys_ refer to it
  Keys keys_;
  Timestamp watermark_ = Timestamp::min();

  // Follow from the state.
  Timers due_;                                    // each key that has a next window once
  Timers open_;                                   // a key is here once for each of its panes
  std::vector<std::pair<Timestamp, Slot>> late_;  // windows behind the watermark with news
  std::size_t panes_ = 0;
  std::size_t list_bytes_ = 0;  // of all SharedPanes
  PaneMerger merger_;           // only makes it faster
  Place latest_;                // of the last event: most often also of the next one

  SliceHeader slice_header_;  // of the running snapshot
};

}  // namespace sluice
