// PipelineRun: one pipeline's chain of steps over one block. Part of Graph.
//
//   events -> step 1 -> step 2 -> ... -> output()
//               '-> named outputs, dead letters, drops
//
// Each step sees its events, then the watermark, then the time, before the next step sees anything:
// what a window gives at this block's watermark passes the steps behind it in the same block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/graph.h"

namespace sluice {

class PipelineRun {
 public:
  // `source` is the CloudEvents source of what the pipeline makes or changes. Takes the steps out
  // of `steps` and leaves their names there.
  PipelineRun(std::string name, std::string source, std::vector<StepSetup>& steps,
              Metrics* metrics);

  struct Times {
    std::optional<Timestamp> watermark;
    EngineTime now;
  };
  // `complete` reads the rest of partial events that the first step lets pass.
  void run(std::vector<Event*>& events, const Times& times, const CompleteEvent& complete,
           Arena& arena, std::vector<GraphDeadLetter>& dead_letters);

  const std::vector<Event*>& output() const { return output_; }
  const std::vector<Event*>& output(std::size_t named) const { return named_[named]; }
  std::optional<std::size_t> find_output(std::string_view name) const;

  const std::string& name() const { return name_; }
  std::size_t size() const { return steps_.size(); }
  Step& step(std::size_t index) { return *steps_[index].step; }
  bool uses_data() const;
  std::size_t memory_bytes() const;

 private:
  struct StepCounters {
    Counter* in = nullptr;
    Counter* out = nullptr;
    Counter* failed = nullptr;
  };
  struct StepRun {
    std::string kind;
    std::string name;
    std::string stage;  // for dead letters
    OnError on_error;
    std::unique_ptr<Step> step;
    std::size_t first_output = 0;  // of its named outputs, in named_
    StepCounters counters;
  };
  class Output;

  void complete_passed(const CompleteEvent& complete, Arena& arena,
                       std::vector<GraphDeadLetter>& dead_letters);

  const std::string name_;
  const std::string source_;
  Metrics* const metrics_;
  std::vector<StepRun> steps_;
  std::vector<std::string> output_names_;
  std::vector<std::vector<Event*>> named_;
  std::vector<Event*> output_;
  std::vector<Event*> next_;  // scratch
  Counter* in_ = nullptr;
  Counter* out_ = nullptr;
};

}  // namespace sluice
