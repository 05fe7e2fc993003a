// Graph: all pipelines of one configuration, as one pure function of (state, block).
//
//   events of a block, by source --> pipelines in topological order --> outputs per target
//                                        |-> dead letters, drops (counted)
//
// A target is (sink, lane). No clock, disk, socket or thread: time comes with the block, so
// replaying the same blocks gives the same outputs. Engine thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "core/event.h"
#include "core/metrics.h"
#include "core/result.h"
#include "pipelines/step.h"
#include "pipelines/watermark.h"

namespace sluice {

// What to do with an event on which a step's expression fails.
enum class OnError : std::uint8_t { dead_letter, drop, pass };

struct StepSetup {
  std::string kind;               // "window"
  std::string name;               // unique in its pipeline: "window#1", or as configured
  std::uint64_t config_hash = 0;  // of the step's own configuration
  OnError on_error = OnError::dead_letter;
  std::unique_ptr<Step> step;
};

struct PipelineSetup {
  std::string name;
  std::vector<std::string> from;  // sources, pipelines, or "<pipeline>.<output>"
  std::vector<std::string> to;    // sinks; empty when only other pipelines read it
  std::uint8_t lane = 0;
  std::vector<StepSetup> steps;
};

struct SourceInput {
  std::string name;
  WatermarkConfig watermark;
};

struct GraphSetup {
  std::string gateway;  // [gateway] name
  std::string store_id;
  std::vector<SourceInput> sources;
  std::vector<PipelineSetup> pipelines;
  Metrics* metrics = nullptr;  // nullptr: nothing is counted (replay)
};

// Where outputs go.
struct GraphTarget {
  std::string sink;
  std::uint8_t lane = 0;
  bool operator==(const GraphTarget&) const = default;
};

// What a block brings beside its events.
struct BlockTime {
  std::uint64_t block = 0;
  EngineTime now{};
  Timestamp wall{};
  bool is_clock_good = false;      // limits the effect of time stamps in the future
  bool was_backpressured = false;  // idle time-outs do not count this beat
  // False: no replay will see this beat, so engine time stands still for all that has state.
  bool is_journaled = true;
};

struct GraphDeadLetter {
  const Event* event;
  std::string stage;  // "decode": a gate let an event pass that could then not be completed
  std::string reason;
};

// Events side by side in a target that one pipeline gave.
struct GraphRun {
  std::string_view pipeline;  // lent by the graph
  std::size_t events = 0;
};

struct GraphOutput {
  std::vector<std::vector<Event*>> targets;  // by index of Graph::targets()
  std::vector<std::vector<GraphRun>> runs;   // the same events, by who gave them
  std::vector<GraphDeadLetter> dead_letters;
  void clear();
};

// Reads the rest of an event that passed a gate (DataState).
//   bad_input  the payload is not what its source says: the event is a dead letter
using CompleteEvent = std::function<Result<void>(Event& event, Arena& arena)>;

class Graph {
 public:
  // Errors: bad_config (an unknown input, a cycle of pipelines).
  static Result<std::unique_ptr<Graph>> build(GraphSetup setup);
  ~Graph();

  // Runs one block. `events` are those of all sources in arrival order. Outputs lie in `arena`.
  void process(std::span<Event* const> events, const BlockTime& time, Arena& arena,
               GraphOutput& out);

  const std::vector<GraphTarget>& targets() const;
  // True when a stateful step can be reached from this source: its events must be journaled.
  bool is_stateful(std::size_t source) const;
  // True when some step can look at the data of this source's events.
  bool needs_data(std::size_t source) const;
  // When every pipeline that reads this source begins with a gate: what of an event's data they
  // look at. Its events may then come partial, once complete_with() has said how they are
  // completed. Nothing: its events come whole.
  std::optional<DataPaths> gate_paths(std::size_t source) const;
  void complete_with(CompleteEvent complete);
  // Indexes of the targets that this source's events, or what is made of them, can reach.
  const std::vector<std::size_t>& targets_of(std::size_t source) const;
  // When a block without events would change something: a source that feeds stateful steps falls
  // idle, or a step's timer is due. Nothing: never.
  std::optional<EngineTime> next_timer() const;

  // --- State, as slices; the parts are constant ---
  struct Part {
    std::string identity;
    std::uint64_t config_hash;
  };
  const std::vector<Part>& parts() const;
  void begin_snapshot();
  // The next slice of the running snapshot; `part` says whose it is. True when it was the last.
  bool save_slice(std::size_t max_bytes, std::uint32_t& part, std::string& out);
  // Errors: corrupt.
  Result<void> load_slice(std::uint32_t part, std::string_view bytes);

  // The tables of all steps that have one, in the order of pipelines and steps.
  std::vector<const TableView*> views() const;

  std::size_t memory_bytes() const;

 private:
  struct Impl;
  explicit Graph(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
