// Step: one operator of a pipeline. A pure function of (state, inputs): no clock, disk, socket or
// thread; the same blocks give the same outputs, byte for byte, on every machine.
//
//   events, watermarks, engine time --> Step --> events (main output and named ones), drops, dead
//   letters
//
// Engine thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "core/event.h"
#include "core/result.h"
#include "pipelines/expression/expression.h"

namespace sluice {

class TableView;

// What a step does with the outside, for one call. Implemented by the pipeline graph.
class StepOutput {
 public:
  virtual ~StepOutput() = default;
  // Memory that lives until the beat ends; events given to emit() lie in it.
  virtual Arena& arena() = 0;
  // To the next step. Events leave in the order of these calls.
  virtual void emit(Event* event) = 0;
  // To a named output, `<pipeline>.<name>` (index into Step::outputs()).
  virtual void emit_to(std::size_t output, Event* event) = 0;
  // Counts an event that ends here on purpose; `reason` is a constant such as "filter".
  virtual void drop(const Event& event, std::string_view reason) = 0;
  // An expression failed on this event: does what the step's on_error says (dead letter by default,
  // or drop, or pass it on unchanged). `reason` is one line for a person.
  virtual void fail(Event* event, std::string_view reason) = 0;
  // Counts something worth knowing that ends no event ("absent_value"); `what` is a constant.
  virtual void count(std::string_view what, std::uint64_t amount) {
    (void)what;
    (void)amount;
  }
};

class Step {
 public:
  virtual ~Step() = default;

  // Names of the outputs beside the main one ("late", or a route's names). Constant.
  virtual std::vector<std::string> outputs() const { return {}; }

  // False: the step never looks at Event::data, so a payload need not be parsed for it. Constant.
  virtual bool uses_data() const { return true; }

  // Of a step without state that only ends events or lets them pass as they are: where in
  // Event::data it looks, and it looks nowhere else. First in a pipeline it is a gate: it may be
  // given events that have no other data, and the rest is read for what it lets pass. Nothing: it
  // is no gate. Constant.
  virtual std::optional<DataPaths> gate_paths() const { return std::nullopt; }

  // Events of one block in order. They live until the beat ends; a step that keeps something copies
  // it. A step that changes an event makes a copy in the arena, clears has_payload and
  // is_unchanged.
  virtual void process(std::span<Event* const> events, StepOutput& out) = 0;

  // No event with a time before `watermark` is to be expected any more. Only grows. Called after
  // the events of a block.
  virtual void advance_watermark(Timestamp watermark, StepOutput& out) {
    (void)watermark;
    (void)out;
  }

  // Engine time at the end of the block, for timers.
  virtual void advance_time(EngineTime now, StepOutput& out) {
    (void)now;
    (void)out;
  }

  // When advance_time() would do something though no event came. Nothing: never.
  virtual std::optional<EngineTime> next_timer() const { return std::nullopt; }

  // The watermark at which advance_watermark() would do something though no event came. Nothing:
  // at none.
  virtual std::optional<Timestamp> next_watermark() const { return std::nullopt; }

  // --- State. A stateless step keeps these defaults. ---

  virtual bool is_stateful() const { return false; }

  // A snapshot is the state at the moment of begin_snapshot(), written as slices over many beats
  // while process() goes on: an entry that is touched before its slice was written is saved first
  // (copy on write).
  virtual void begin_snapshot() {}
  // Appends up to about `max_bytes` of the state to `out`; true when that was the last slice.
  virtual bool save_slice(std::size_t max_bytes, std::string& out) {
    (void)max_bytes;
    (void)out;
    return true;
  }
  // Restores one slice; slices come in the order they were saved, before any event.
  //   corrupt  the slice is not what was saved
  virtual Result<void> load_slice(std::string_view slice) {
    (void)slice;
    return {};
  }

  // The table that people can ask the step for; nullptr: it has none. Constant.
  virtual const TableView* view() const { return nullptr; }

  // What it holds now, in bytes.
  virtual std::size_t memory_bytes() const { return 0; }
  // What memory_bytes() never exceeds, whatever comes. Constant.
  virtual std::size_t memory_limit() const { return 0; }
};

}  // namespace sluice
