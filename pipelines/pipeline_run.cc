#include "pipelines/pipeline_run.h"

#include <algorithm>

namespace sluice {

// What a step sees of the pipeline while it runs.
class PipelineRun::Output final : public StepOutput {
 public:
  Output(PipelineRun& pipeline, StepRun& step, Arena& arena, std::vector<Event*>& next,
         std::vector<GraphDeadLetter>& dead_letters)
      : pipeline_(pipeline), step_(step), arena_(arena), next_(next), dead_letters_(dead_letters) {}

  Arena& arena() override { return arena_; }

  void emit(Event* event) override {
    own(event);
    next_.push_back(event);
  }

  void emit_to(std::size_t output, Event* event) override {
    own(event);
    pipeline_.named_[step_.first_output + output].push_back(event);
  }

  void drop(const Event&, std::string_view reason) override {
    counter("sluice_step_dropped_events_total", "Events that a step ended on purpose.", reason, 1);
  }

  void fail(Event* event, std::string_view reason) override {
    if (step_.counters.failed != nullptr) step_.counters.failed->add();
    switch (step_.on_error) {
      case OnError::dead_letter:
        dead_letters_.push_back({event, step_.stage, std::string(reason)});
        break;
      case OnError::drop:
        drop(*event, "error");
        break;
      case OnError::pass:
        emit(event);
        break;
    }
  }

  void count(std::string_view what, std::uint64_t amount) override {
    counter("sluice_step_noted_events_total", "What a step met that ended no event.", what, amount);
  }

 private:
  // What a pipeline made or changed is its own: the id follows when it leaves the pipelines.
  void own(Event* event) const {
    if (event->is_unchanged || event->source.data() == pipeline_.source_.data()) return;
    event->source = pipeline_.source_;
    event->id = {};
    event->has_own_id = false;
  }

  void counter(std::string_view name, std::string_view help, std::string_view reason,
               std::uint64_t amount) {
    if (pipeline_.metrics_ == nullptr) return;
    // Reasons are constants: the last one looked up is nearly always the next one.
    if (reason.data() != last_reason_.data() || name.data() != last_name_.data()) {
      last_reason_ = reason;
      last_name_ = name;
      last_counter_ = &pipeline_.metrics_->counter(
          name, help,
          {{"pipeline", pipeline_.name_}, {"step", step_.name}, {"reason", std::string(reason)}});
    }
    last_counter_->add(amount);
  }

  PipelineRun& pipeline_;
  StepRun& step_;
  Arena& arena_;
  std::vector<Event*>& next_;
  std::vector<GraphDeadLetter>& dead_letters_;
  std::string_view last_reason_;
  std::string_view last_name_;
  Counter* last_counter_ = nullptr;
};

PipelineRun::PipelineRun(std::string name, std::string source, std::vector<StepSetup>& steps,
                         Metrics* metrics)
    : name_(std::move(name)), source_(std::move(source)), metrics_(metrics) {
  for (StepSetup& setup : steps) {
    StepRun run{setup.kind,
                setup.name,
                "pipeline " + name_ + ", step " + setup.name,
                setup.on_error,
                std::move(setup.step),
                named_.size(),
                {}};
    for (const std::string& output : run.step->outputs()) {
      output_names_.push_back(output);
      named_.emplace_back();
    }
    if (metrics_ != nullptr) {
      const Labels labels = {{"pipeline", name_}, {"step", run.name}};
      run.counters.in =
          &metrics_->counter("sluice_step_in_events_total", "Events that came to a step.", labels);
      run.counters.out =
          &metrics_->counter("sluice_step_out_events_total", "Events that a step gave.", labels);
      run.counters.failed = &metrics_->counter(
          "sluice_step_failed_events_total", "Events on which a step's expression failed.", labels);
    }
    steps_.push_back(std::move(run));
  }
  if (metrics_ != nullptr) {
    in_ = &metrics_->counter("sluice_pipeline_in_events_total", "Events that came to a pipeline.",
                             {{"pipeline", name_}});
    out_ = &metrics_->counter("sluice_pipeline_out_events_total", "Events that a pipeline gave.",
                              {{"pipeline", name_}});
  }
}

std::optional<std::size_t> PipelineRun::find_output(std::string_view name) const {
  const auto found = std::ranges::find(output_names_, name);
  if (found == output_names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - output_names_.begin());
}

// Of what the gate let pass, whole events stay. One that cannot be completed is a dead letter once,
// whichever pipelines it passes.
void PipelineRun::complete_passed(const CompleteEvent& complete, Arena& arena,
                                  std::vector<GraphDeadLetter>& dead_letters) {
  std::erase_if(next_, [&](Event* event) {
    if (event->data_state == DataState::partial) {
      const auto completed = complete(*event, arena);
      event->data_state = completed ? DataState::whole : DataState::refused;
      if (!completed) dead_letters.push_back({event, "decode", completed.error().message});
    }
    return event->data_state == DataState::refused;
  });
}

void PipelineRun::run(std::vector<Event*>& events, const Times& times,
                      const CompleteEvent& complete, Arena& arena,
                      std::vector<GraphDeadLetter>& dead_letters) {
  for (auto& named : named_) named.clear();
  if (in_ != nullptr) in_->add(events.size());
  output_.swap(events);
  for (StepRun& step : steps_) {
    next_.clear();
    Output out(*this, step, arena, next_, dead_letters);
    if (!output_.empty()) step.step->process(output_, out);
    if (complete && &step == &steps_.front()) complete_passed(complete, arena, dead_letters);
    if (times.watermark) step.step->advance_watermark(*times.watermark, out);
    step.step->advance_time(times.now, out);
    if (step.counters.in != nullptr) {
      step.counters.in->add(output_.size());
      step.counters.out->add(next_.size());
    }
    output_.swap(next_);
  }
  if (out_ != nullptr) out_->add(output_.size());
}

bool PipelineRun::uses_data() const {
  return std::ranges::any_of(steps_, [](const StepRun& step) { return step.step->uses_data(); });
}

std::size_t PipelineRun::memory_bytes() const {
  std::size_t bytes = 0;
  for (const StepRun& step : steps_) bytes += step.step->memory_bytes();
  return bytes;
}

}  // namespace sluice
