#include <algorithm>
#include <set>
#include <utility>

#include "pipelines/graph_impl.h"

namespace sluice {
namespace {

Error unknown_input(const std::string& pipeline, const std::string& input) {
  return {
      ErrorKind::bad_config,
      "pipelines." + pipeline + ".from: there is no source, pipeline or output '" + input + "'"};
}

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

}  // namespace sluice
