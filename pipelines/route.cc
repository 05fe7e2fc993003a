#include "pipelines/route.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sluice {
namespace {

class Route final : public Step {
 public:
  Route(std::vector<std::string> names, std::vector<Expression> conditions)
      : names_(std::move(names)), conditions_(std::move(conditions)) {}

  std::vector<std::string> outputs() const override { return names_; }

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) send(event, out);
  }

  bool uses_data() const override {
    return std::ranges::any_of(conditions_, &Expression::uses_data);
  }

 private:
  void send(Event* event, StepOutput& out) const {
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      const Value value = conditions_[i].evaluate(*event, out.arena());
      if (value.kind() != Kind::boolean) {
        out.fail(event, "route." + names_[i] + ": " + condition_failure(value));
        return;
      }
      if (value.as_bool()) {
        out.emit_to(i, event);
        return;
      }
    }
    out.emit(event);
  }

  const std::vector<std::string> names_;
  const std::vector<Expression> conditions_;  // one for each name
};

bool is_output_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

StepOrErrors make_route(const RouteConfig& config) {
  StepErrors errors;
  std::set<std::string> seen;
  std::vector<std::string> names;
  std::vector<Expression> conditions;
  if (config.outputs.empty()) {
    errors.push_back({"route", 0, "a route needs at least one output, name = \"condition\""});
  }
  for (const RouteOutput& output : config.outputs) {
    const std::string field = "route." + output.name;
    if (!is_output_name(output.name)) {
      errors.push_back({field, 0, "an output's name has only letters, digits, '_' and '-'"});
    } else if (!seen.insert(output.name).second) {
      errors.push_back({field, 0, "an output of this name is there already"});
    }
    if (auto condition = compile_condition(field, output.condition, errors)) {
      names.push_back(output.name);
      conditions.push_back(*std::move(condition));
    }
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Route>(std::move(names), std::move(conditions));
}

}  // namespace sluice
