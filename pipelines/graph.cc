#include "pipelines/graph.h"

#include <algorithm>
#include <set>

#include "pipelines/pipeline_run.h"

namespace sluice {
namespace {

Error unknown_input(const std::string& pipeline, const std::string& input) {
  return {
      ErrorKind::bad_config,
      "pipelines." + pipeline + ".from: there is no source, pipeline or output '" + input + "'"};
}

}  // namespace

void GraphOutput::clear() {
  for (auto& events : targets) events.clear();
  dead_letters.clear();
}

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

Graph::Graph(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Graph::~Graph() = default;

// --- build ---

namespace {

// "climate.alarms" -> "climate"; a name without a dot is itself.
std::string_view pipeline_part(std::string_view input) { return input.substr(0, input.find('.')); }

// The order in which each pipeline comes after those it reads.
Result<std::vector<std::size_t>> topological_order(const std::vector<PipelineSetup>& setups) {
  std::vector<std::size_t> order;
  std::vector<bool> is_placed(setups.size(), false);
  const auto is_ready = [&](const PipelineSetup& setup) {
    return std::ranges::all_of(setup.from, [&](const std::string& input) {
      for (std::size_t i = 0; i < setups.size(); ++i) {
        if (setups[i].name == pipeline_part(input) && !is_placed[i]) return false;
      }
      return true;
    });
  };
  while (order.size() < setups.size()) {
    const std::size_t before = order.size();
    for (std::size_t i = 0; i < setups.size(); ++i) {
      if (is_placed[i] || !is_ready(setups[i])) continue;
      order.push_back(i);
      is_placed[i] = true;
    }
    if (order.size() == before) {
      std::string names;
      for (std::size_t i = 0; i < setups.size(); ++i) {
        if (!is_placed[i]) names += (names.empty() ? "" : ", ") + setups[i].name;
      }
      return Error{ErrorKind::bad_config, "pipelines read each other in a circle: " + names};
    }
  }
  return order;
}

}  // namespace

Result<void> Graph::Impl::resolve_inputs(const std::vector<PipelineSetup>& setups,
                                         const std::vector<std::size_t>& order) {
  for (std::size_t at = 0; at < order.size(); ++at) {
    const PipelineSetup& setup = setups[order[at]];
    for (const std::string& input : setup.from) {
      const auto source = std::ranges::find(sources, input, &SourceInput::name);
      if (source != sources.end()) {
        pipelines[at].inputs.push_back({InputRef::From::source,
                                        static_cast<std::size_t>(source - sources.begin()),
                                        InputRef::main_output});
        continue;
      }
      InputRef found{InputRef::From::pipeline, ~std::size_t{0}, InputRef::main_output};
      for (std::size_t other = 0; other < at; ++other) {
        if (setups[order[other]].name != pipeline_part(input)) continue;
        const std::size_t dot = input.find('.');
        if (dot != std::string::npos) {
          const auto output = pipelines[other].run->find_output(input.substr(dot + 1));
          if (!output) return unknown_input(setup.name, input);
          found.output = *output;
        }
        found.index = other;
      }
      if (found.index == ~std::size_t{0}) return unknown_input(setup.name, input);
      pipelines[at].inputs.push_back(found);
    }
  }
  return {};
}

// What can be reached from each source: stateful steps, those that look at data, targets.
void Graph::Impl::find_reach() {
  std::vector<std::set<std::size_t>> reached(pipelines.size());  // sources behind each pipeline
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    for (const InputRef& input : pipelines[i].inputs) {
      if (input.from == InputRef::From::source) {
        reached[i].insert(input.index);
      } else {
        reached[i].insert(reached[input.index].begin(), reached[input.index].end());
      }
    }
    for (const std::size_t source : reached[i]) {
      if (pipelines[i].is_stateful) source_is_stateful[source] = true;
      if (pipelines[i].run->uses_data()) source_needs_data[source] = true;
      auto& into = source_targets[source];
      into.insert(into.end(), pipelines[i].targets.begin(), pipelines[i].targets.end());
    }
  }
}

void Graph::Impl::list_parts(const std::vector<PipelineSetup>& setups,
                             const std::vector<std::size_t>& order) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!source_is_stateful[i]) continue;
    parts.push_back({"sources." + sources[i].name + ".watermark", 0});
    part_refs.push_back({PartKind::source_watermark, i, 0});
  }
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    const PipelineSetup& setup = setups[order[i]];
    if (pipelines[i].is_stateful) {
      parts.push_back({"pipelines." + setup.name + ".watermark", 0});
      part_refs.push_back({PartKind::pipeline_watermark, i, 0});
    }
    for (std::size_t step = 0; step < pipelines[i].run->size(); ++step) {
      if (!pipelines[i].run->step(step).is_stateful()) continue;
      parts.push_back({"pipelines." + setup.name + ".steps." + setup.steps[step].name,
                       setup.steps[step].config_hash});
      part_refs.push_back({PartKind::step, i, step});
    }
  }
}

Result<std::unique_ptr<Graph>> Graph::build(GraphSetup setup) {
  auto impl = std::make_unique<Impl>();
  impl->gateway = setup.gateway;
  impl->store_id = setup.store_id;
  impl->sources = std::move(setup.sources);
  for (const SourceInput& source : impl->sources)
    impl->source_watermarks.emplace_back(source.watermark);
  impl->source_is_stateful.assign(impl->sources.size(), false);
  impl->source_needs_data.assign(impl->sources.size(), false);
  impl->source_targets.resize(impl->sources.size());
  const std::vector<std::size_t> order = TRY(topological_order(setup.pipelines));
  for (const std::size_t index : order) {
    PipelineSetup& pipeline = setup.pipelines[index];
    Impl::Pipeline built;
    for (const std::string& sink : pipeline.to) {
      const GraphTarget target{sink, pipeline.lane};
      const auto known = std::ranges::find(impl->targets, target);
      built.targets.push_back(static_cast<std::size_t>(known - impl->targets.begin()));
      if (known == impl->targets.end()) impl->targets.push_back(target);
    }
    built.is_stateful = std::ranges::any_of(
        pipeline.steps, [](const StepSetup& step) { return step.step->is_stateful(); });
    built.run = std::make_unique<PipelineRun>(
        pipeline.name, "//" + impl->gateway + "/" + pipeline.name, pipeline.steps, setup.metrics);
    impl->pipelines.push_back(std::move(built));
  }
  TRY(impl->resolve_inputs(setup.pipelines, order));
  impl->find_reach();
  impl->list_parts(setup.pipelines, order);
  return std::unique_ptr<Graph>(new Graph(std::move(impl)));
}

// --- process ---

void Graph::Impl::gather_input(Pipeline& pipeline, std::span<Event* const> events) {
  pipeline.in.clear();
  std::vector<bool> reads(sources.size(), false);
  for (const InputRef& input : pipeline.inputs) {
    if (input.from == InputRef::From::source) reads[input.index] = true;
  }
  for (Event* event : events) {
    if (reads[event->source_index]) pipeline.in.push_back(event);
  }
  for (const InputRef& input : pipeline.inputs) {
    if (input.from != InputRef::From::pipeline) continue;
    PipelineRun& other = *pipelines[input.index].run;
    const auto& given =
        input.output == InputRef::main_output ? other.output() : other.output(input.output);
    pipeline.in.insert(pipeline.in.end(), given.begin(), given.end());
  }
}

void Graph::process(std::span<Event* const> events, const BlockTime& time, Arena& arena,
                    GraphOutput& out) {
  Impl& impl = *impl_;
  out.targets.resize(impl.targets.size());
  for (const Event* event : events) {
    impl.source_watermarks[event->source_index].observe(event->time, event->received,
                                                        time.is_clock_good);
  }
  if (time.is_journaled) {
    for (SourceWatermark& watermark : impl.source_watermarks) {
      watermark.observe_clock(time.wall, time.was_backpressured);
      watermark.advance_time(time.now, time.was_backpressured);
    }
    impl.last_block = {time.now, time.wall, time.was_backpressured};
  }
  std::vector<WatermarkInput> inputs;
  for (Impl::Pipeline& pipeline : impl.pipelines) {
    impl.gather_input(pipeline, events);
    inputs.clear();
    for (const Impl::InputRef& input : pipeline.inputs) {
      inputs.push_back(input.from == Impl::InputRef::From::source
                           ? impl.source_watermarks[input.index].input()
                           : impl.pipelines[input.index].watermark.input());
    }
    const WatermarkInput merged = pipeline.watermark.update(inputs);
    pipeline.run->run(pipeline.in, {merged.watermark, time.now}, impl.complete, arena,
                      out.dead_letters);
    for (const std::size_t target : pipeline.targets) {
      const auto& given = pipeline.run->output();
      out.targets[target].insert(out.targets[target].end(), given.begin(), given.end());
    }
  }
  impl.name_derived(out, time, arena);
}

// The n-th output of block b is "<store id>/<b>.<n>". What comes from sources without a journal is
// named last: a replay does not see it, and must give the same names to the rest.
void Graph::Impl::name_derived(GraphOutput& out, const BlockTime& time, Arena& arena) const {
  std::uint64_t next = 1;
  for (const bool is_journaled : {true, false}) {
    for (auto& events : out.targets) {
      for (Event* event : events) {
        if (event->is_unchanged || !event->id.empty()) continue;
        if ((event->source_index == no_source || source_is_stateful[event->source_index]) !=
            is_journaled)
          continue;
        event->id =
            arena.copy(store_id + "/" + std::to_string(time.block) + "." + std::to_string(next++));
      }
    }
  }
}

const std::vector<GraphTarget>& Graph::targets() const { return impl_->targets; }
bool Graph::is_stateful(std::size_t source) const { return impl_->source_is_stateful[source]; }
bool Graph::needs_data(std::size_t source) const { return impl_->source_needs_data[source]; }

std::optional<DataPaths> Graph::gate_paths(std::size_t source) const {
  DataPaths all;
  for (const Impl::Pipeline& pipeline : impl_->pipelines) {
    const bool reads = std::ranges::any_of(pipeline.inputs, [&](const Impl::InputRef& input) {
      return input.from == Impl::InputRef::From::source && input.index == source;
    });
    if (!reads) continue;
    const auto paths =
        pipeline.run->size() == 0 ? std::nullopt : pipeline.run->step(0).gate_paths();
    if (!paths) return std::nullopt;
    all.insert(all.end(), paths->begin(), paths->end());
  }
  return all;
}

void Graph::complete_with(CompleteEvent complete) { impl_->complete = std::move(complete); }

const std::vector<std::size_t>& Graph::targets_of(std::size_t source) const {
  return impl_->source_targets[source];
}

// The wall time at which the clock alone brings the pipeline's watermark there; nothing: it needs
// events for that.
std::optional<Timestamp> Graph::Impl::wall_for(Timestamp wanted, const Pipeline& pipeline) const {
  Timestamp wall = wanted;
  for (const InputRef& input : pipeline.inputs) {
    std::optional<Timestamp> of_input;
    if (input.from == InputRef::From::pipeline) {
      of_input = wall_for(wanted, pipelines[input.index]);
    } else {
      of_input = source_watermarks[input.index].clock_at(
          wanted, last_block ? last_block->wall : Timestamp{});
    }
    if (!of_input) return std::nullopt;
    wall = std::max(wall, *of_input);
  }
  return wall;
}

// When that is.
std::optional<EngineTime> Graph::Impl::clock_brings(Timestamp wanted,
                                                    const Pipeline& pipeline) const {
  const std::optional<Timestamp> wall = wall_for(wanted, pipeline);
  if (!wall) return std::nullopt;
  if (!last_block) return EngineTime{0};  // just started: the next block tells the time
  // Not at once again when the last block did not bring it there: the clock was set, or sources
  // were held back, as they are for hours while a store is full, and each block is a commit.
  constexpr Duration least_wait = std::chrono::milliseconds(200);
  constexpr Duration least_wait_held_back = std::chrono::seconds(30);
  return last_block->engine +
         std::max(last_block->was_backpressured ? least_wait_held_back : least_wait,
                  *wall - last_block->wall);
}

std::optional<EngineTime> Graph::next_timer() const {
  std::optional<EngineTime> next;
  const auto consider = [&](std::optional<EngineTime> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  for (std::size_t i = 0; i < impl_->sources.size(); ++i) {
    if (impl_->source_is_stateful[i]) consider(impl_->source_watermarks[i].idle_at());
  }
  for (const Impl::Pipeline& pipeline : impl_->pipelines) {
    for (std::size_t step = 0; step < pipeline.run->size(); ++step) {
      consider(pipeline.run->step(step).next_timer());
      if (const auto wanted = pipeline.run->step(step).next_watermark())
        consider(impl_->clock_brings(*wanted, pipeline));
    }
  }
  return next;
}

// --- state ---

const std::vector<Graph::Part>& Graph::parts() const { return impl_->parts; }

void Graph::begin_snapshot() {
  Impl& impl = *impl_;
  impl.saving = 0;
  impl.saved_watermarks.assign(impl.parts.size(), {});
  for (std::size_t i = 0; i < impl.parts.size(); ++i) {
    const auto& [kind, index, step] = impl.part_refs[i];
    switch (kind) {
      case Impl::PartKind::source_watermark:
        impl.source_watermarks[index].save(impl.saved_watermarks[i]);
        break;
      case Impl::PartKind::pipeline_watermark:
        impl.pipelines[index].watermark.save(impl.saved_watermarks[i]);
        break;
      case Impl::PartKind::step:
        impl.pipelines[index].run->step(step).begin_snapshot();
        break;
    }
  }
}

bool Graph::save_slice(std::size_t max_bytes, std::uint32_t& part, std::string& out) {
  Impl& impl = *impl_;
  if (impl.saving >= impl.parts.size()) return true;
  part = static_cast<std::uint32_t>(impl.saving);
  const auto& [kind, index, step] = impl.part_refs[impl.saving];
  bool is_part_done = true;
  if (kind == Impl::PartKind::step) {
    is_part_done = impl.pipelines[index].run->step(step).save_slice(max_bytes, out);
  } else {
    out += impl.saved_watermarks[impl.saving];
  }
  if (is_part_done) ++impl.saving;
  return impl.saving >= impl.parts.size();
}

Result<void> Graph::load_slice(std::uint32_t part, std::string_view bytes) {
  const auto& [kind, index, step] = impl_->part_refs[part];
  switch (kind) {
    case Impl::PartKind::source_watermark:
      return impl_->source_watermarks[index].load(bytes);
    case Impl::PartKind::pipeline_watermark:
      return impl_->pipelines[index].watermark.load(bytes);
    case Impl::PartKind::step:
      return impl_->pipelines[index].run->step(step).load_slice(bytes);
  }
  return {};
}

std::vector<const TableView*> Graph::views() const {
  std::vector<const TableView*> views;
  for (const Impl::Pipeline& pipeline : impl_->pipelines) {
    for (std::size_t step = 0; step < pipeline.run->size(); ++step) {
      if (const TableView* view = pipeline.run->step(step).view()) views.push_back(view);
    }
  }
  return views;
}

std::size_t Graph::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Impl::Pipeline& pipeline : impl_->pipelines) bytes += pipeline.run->memory_bytes();
  return bytes;
}

}  // namespace sluice
