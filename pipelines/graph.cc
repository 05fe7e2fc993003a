#include "pipelines/graph.h"

#include <algorithm>

#include "pipelines/graph_impl.h"
#include "pipelines/saturate.h"

namespace sluice {

void GraphOutput::clear() {
  for (auto& events : targets) events.clear();
  for (auto& of_target : runs) of_target.clear();
  dead_letters.clear();
}

Graph::Graph(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Graph::~Graph() = default;

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
  out.runs.resize(impl.targets.size());
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
      if (given.empty()) continue;
      out.runs[target].push_back({pipeline.run->name(), given.size()});
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
  constexpr Duration longest_wait = std::chrono::hours(24 * 365);  // a time may lie centuries off
  return last_block->engine +
         std::clamp(between_saturated(last_block->wall, *wall),
                    last_block->was_backpressured ? least_wait_held_back : least_wait,
                    longest_wait);
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
