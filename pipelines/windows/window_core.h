// WindowCore: what every kind of window does alike, whatever its windows are: it reads the key and
// the values of an event, makes, fills and merges panes while it counts their bytes, and makes the
// events that a window gives.
//
//   event --read_key, read_values--> add --> Pane --result--> event "sluice.window"
//
// Owned by one step, and declared before the state that holds its panes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "pipelines/step.h"
#include "pipelines/windows/emit.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/window_key.h"

namespace sluice {

// Where events that come too late go: the only named output of a window step.
constexpr std::size_t late_output = 0;

// What Step::memory_limit() is of a window step whose state takes at most so much. While a snapshot
// is written, what changes is set aside as it was.
constexpr std::size_t window_memory_limit(std::size_t max_memory) {
  constexpr std::size_t of_a_block = std::size_t{64} << 10;  // lists that are empty between blocks
  return 2 * max_memory + of_a_block;
}

// What a result says beside its data.
struct ResultFrame {
  std::optional<Span> span;  // nothing: the window has no bounds
  Timestamp time{};          // of the result
  std::uint32_t revision = 0;
  bool is_early = false;
};

class WindowCore {
 public:
  WindowCore(WindowKey key, std::unique_ptr<Emit> emit)
      : key_(std::move(key)), emit_(std::move(emit)), new_pane_bytes_(emit_->new_pane_bytes()) {}

  bool uses_data() const { return key_.uses_data() || emit_->uses_data(); }

  // Of one event. Nothing: it failed and has left through `out`. Valid until the next call.
  std::optional<std::string_view> read_key(Event* event, StepOutput& out);
  std::optional<Emit::Readings> read_values(Event* event, StepOutput& out);
  // Counts what aggregates left out since the last call. Once a block.
  void report_left_out(StepOutput& out);

  // --- Panes; each ends in close() ---
  Pane open();
  Pane copy(const Pane& pane);
  // Makes `pane` a copy of `other`.
  void assign(Pane& pane, const Pane& other);
  void add(Pane& pane, Emit::Readings values, Timestamp time);
  // Adds what `later` has seen; see Aggregate::merge. `later` stays as it is.
  void merge(Pane& pane, const Pane& later);
  void clear(Pane& pane);
  void close(Pane pane);
  // Fails the reader when the bytes make no sense.
  Pane load(ByteReader& in);
  // What all open panes hold, a function of what they save.
  std::size_t pane_bytes() const { return pane_bytes_; }
  // What open() adds to that, and an add() or merge() at most.
  std::size_t new_pane_bytes() const { return new_pane_bytes_; }
  std::size_t max_growth() const { return emit_->max_growth(); }

  // In `arena`.
  Event* result(std::string_view key, const ResultFrame& frame, const Pane& pane,
                Arena& arena) const;

 private:
  WindowKey key_;
  std::unique_ptr<Emit> emit_;  // on the heap: panes refer to it
  std::size_t new_pane_bytes_;  // constant after construction
  Emit::LeftOut left_out_;      // since the last report
  std::size_t pane_bytes_ = 0;
};

}  // namespace sluice
