// TumblingStep: the window step for tumbling windows; window.h says what it does.
//
//   event --key, readings--> KeyedState: key -> OpenPanes -> Pane
//                                          ^          ^
//        due_:  end -> keys to fire -------'          |
//        open_: end -> keys with a pane to close -----'
//
// Hopping windows will share panes: a window is then several panes merged (Emit::merge), fired from
// the same two lists.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipelines/keyed_state.h"
#include "pipelines/step.h"
#include "pipelines/windows/emit.h"
#include "pipelines/windows/open_panes.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/window_key.h"

namespace sluice {

class TumblingStep final : public Step {
 public:
  struct Rules {
    Duration size;
    Duration offset;
    Duration lateness;
    bool accumulating;
    std::uint32_t max_keys;
    std::uint32_t max_windows;
  };

  TumblingStep(const Rules& rules, WindowKey key, std::unique_ptr<Emit> emit);

  std::vector<std::string> outputs() const override { return {"late"}; }
  bool uses_data() const override { return key_.uses_data() || emit_->uses_data(); }
  void process(std::span<Event* const> events, StepOutput& out) override;
  void advance_watermark(Timestamp watermark, StepOutput& out) override;

  bool is_stateful() const override { return true; }
  void begin_snapshot() override;
  bool save_slice(std::size_t max_bytes, std::string& out) override;
  Result<void> load_slice(std::string_view slice) override;
  std::size_t memory_bytes() const override;

 private:
  using Keys = KeyedState<OpenPanes>;
  using Slot = Keys::Slot;
  using SlotsByEnd = std::map<Timestamp, std::vector<Slot>>;

  void take(Event* event, StepOutput& out);
  OpenPane* pane_of(Slot slot, const Span& span, bool is_full);
  bool is_closed(Timestamp end) const;
  void fire_due(StepOutput& out);
  void close_past();
  Event* make_result(std::string_view key, const OpenPane& pane, Arena& arena) const;

  // Constant after construction.
  const Rules rules_;
  WindowKey key_;
  std::unique_ptr<Emit> emit_;  // panes refer to it: declared before them

  // State.
  Timestamp watermark_ = Timestamp::min();
  Keys keys_;
  SlotsByEnd due_;   // a key is here once for each of its panes that is_due
  SlotsByEnd open_;  // a key is here once for each of its panes

  // Follow from the state.
  std::size_t panes_ = 0;
  std::size_t pane_bytes_ = 0;  // heap_bytes() of all entries
  Span latest_span_;            // of the last event: most often also of the next one
  Emit::LeftOut left_out_;      // in this call of process()

  // Of the running snapshot.
  Timestamp snapshot_watermark_ = Timestamp::min();
  bool is_header_due_ = false;
};

}  // namespace sluice
