#include "pipelines/filter.h"

#include <utility>

namespace sluice {
namespace {

class Filter final : public Step {
 public:
  explicit Filter(Expression condition) : condition_(std::move(condition)) {}

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) {
      const Value value = condition_.evaluate(*event, out.arena());
      if (value.kind() != Kind::boolean) {
        out.fail(event, condition_failure(value));
      } else if (value.as_bool()) {
        out.emit(event);
      } else {
        out.drop(*event, "filter");
      }
    }
  }

  bool uses_data() const override { return condition_.uses_data(); }
  std::optional<DataPaths> gate_paths() const override { return condition_.data_paths(); }

 private:
  const Expression condition_;
};

}  // namespace

StepOrErrors make_filter(const FilterConfig& config) {
  StepErrors errors;
  auto condition = compile_condition("filter", config.condition, errors);
  if (!condition) return errors;
  return std::make_unique<Filter>(*std::move(condition));
}

}  // namespace sluice
