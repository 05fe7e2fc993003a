// KeyTimeStep: windows of keys that each go by their own time, for devices that store what they
// measure and send it later: a key's watermark is its highest event time less `out_of_order`, and
// what others send does not move it. Tumbling windows and sessions; window.h says what they do.
//
//   event --key, values--> CountedKeys: key -> [ highest time | OpenWindows -> Pane ]
//                                                    |
//   at the end of a block: the windows that are due, of the keys that had events
//
// A key that falls silent has its last windows open until it speaks again, or is forgotten: then
// they are told early, since it cannot be known whether more would have come. With it goes what its
// watermark was.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/saturate.h"
#include "pipelines/step.h"
#include "pipelines/steps/bounded_keys.h"
#include "pipelines/windows/counted_keys.h"
#include "pipelines/windows/key_ages.h"
#include "pipelines/windows/open_windows.h"
#include "pipelines/windows/session.h"
#include "pipelines/windows/slice_header.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/window_core.h"

namespace sluice {

// What is remembered of one key. The Entry of KeyTimeStep's keys.
struct KeyWindows {
  OpenWindows windows;
  Timestamp highest = Timestamp::min();    // of all its events
  Timestamp watermark = Timestamp::min();  // what `highest` made it at the end of its last block

  void save(std::string& out) const;
  std::size_t heap_bytes() const { return windows.heap_bytes(); }
};

class KeyTimeStep final : public Step {
 public:
  struct Rules {
    Duration out_of_order{0};
    Duration lateness{0};
    bool accumulating = true;
    bool late_by_event = false;
    std::optional<SessionRule> session;  // nothing: a window follows from the event's time alone
    std::uint32_t max_keys = 0;
    std::uint32_t max_windows = 0;
    std::size_t max_memory = 0;
    WhenFull when_full = WhenFull::refuse;
    Duration forget_after{0};  // in engine time since the last event; zero: never
  };

  // `spans` is nullptr for sessions.
  KeyTimeStep(std::unique_ptr<SpanRule> spans, const Rules& rules, WindowCore core)
      : spans_(std::move(spans)), rules_(rules), core_(std::move(core)) {}

  std::vector<std::string> outputs() const override { return {"late"}; }
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
  using Keys = CountedKeys<KeyWindows>;
  using Slot = Keys::Slot;
  using EndAndSlot = std::pair<Timestamp, Slot>;

  void take(Event* event, StepOutput& out);
  SessionPlace place_of(Slot slot, Timestamp time);
  std::string_view why_refused(std::string_view key, Slot slot, bool is_new) const;
  OpenWindow& window_at(Slot slot, const SessionPlace& place);
  std::size_t state_bytes() const;

  void end_block(EngineTime now, StepOutput& out);
  void fire(Slot slot, OpenWindow& window, bool is_early, StepOutput& out);
  void close_past(Slot slot);
  void close(Slot slot, OpenWindow* window);
  void leave(Slot slot, std::string_view why, StepOutput& out);

  Timestamp watermark_after(Timestamp highest) const {
    return subtract_saturated(highest, rules_.out_of_order);
  }
  bool is_closed(Timestamp end, Timestamp watermark) const {
    return add_saturated(end, rules_.lateness) <= watermark;
  }

  // Constant after construction.
  const std::unique_ptr<SpanRule> spans_;
  const Rules rules_;

  // State.
  WindowCore core_;  // panes in keys_ refer to it
  Keys keys_;

  // Follow from the state.
  KeyAges ages_;
  std::size_t windows_ = 0;
  std::size_t list_bytes_ = 0;  // of all OpenWindows

  SliceHeader slice_header_;  // of the running snapshot
};

}  // namespace sluice
