// What a Graph is made of: graph_build.cc joins it, graph.cc runs it. Part of Graph.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipelines/graph.h"
#include "pipelines/pipeline_run.h"

namespace sluice {

struct Graph::Impl {
  // Where an input of a pipeline comes from.
  struct InputRef {
    enum class From : std::uint8_t { source, pipeline } from = From::source;
    std::size_t index = 0;
    // Of a pipeline: its main output, or one that a step names.
    static constexpr std::size_t main_output = ~std::size_t{0};
    std::size_t output = main_output;
  };
  struct Pipeline {
    std::unique_ptr<PipelineRun> run;
    std::vector<InputRef> inputs;
    std::vector<std::size_t> targets;
    MergedWatermark watermark;
    bool is_stateful = false;
    std::vector<Event*> in;  // of the block under way
  };
  enum class PartKind : std::uint8_t { source_watermark, pipeline_watermark, step };
  struct PartRef {
    PartKind kind;
    std::size_t index;  // of the source or pipeline
    std::size_t step;
  };

  std::string gateway;
  std::string store_id;
  std::vector<SourceInput> sources;
  std::vector<SourceWatermark> source_watermarks;
  std::vector<bool> source_is_stateful;
  std::vector<bool> source_needs_data;
  std::vector<std::vector<std::size_t>> source_targets;
  std::vector<Pipeline> pipelines;  // in topological order
  std::vector<GraphTarget> targets;
  std::vector<Part> parts;
  std::vector<PartRef> part_refs;
  struct BlockTimes {
    EngineTime engine;
    Timestamp wall;
    bool was_backpressured;
  };
  CompleteEvent complete;
  std::optional<BlockTimes> last_block;       // the last that was journaled
  std::size_t saving = 0;                     // index of the part being saved
  std::vector<std::string> saved_watermarks;  // taken at begin_snapshot, by part

  Result<void> resolve_inputs(const std::vector<PipelineSetup>& setups,
                              const std::vector<std::size_t>& order);
  void find_reach();
  std::optional<Timestamp> wall_for(Timestamp wanted, const Pipeline& pipeline) const;
  std::optional<EngineTime> clock_brings(Timestamp wanted, const Pipeline& pipeline) const;
  void list_parts(const std::vector<PipelineSetup>& setups, const std::vector<std::size_t>& order);
  void name_derived(GraphOutput& out, const BlockTime& time, Arena& arena) const;
  void gather_input(Pipeline& pipeline, std::span<Event* const> events);
};

}  // namespace sluice
