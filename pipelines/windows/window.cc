#include "pipelines/windows/window.h"

#include <utility>

#include "pipelines/windows/tumbling_step.h"

namespace sluice {
namespace {

void check_bounds(const WindowConfig& config, StepErrors& errors) {
  if (config.size <= Duration{0}) {
    errors.push_back({"tumbling", 0, "a window's size is more than zero, for example \"10s\""});
  } else if (config.offset <= -config.size || config.offset >= config.size) {
    errors.push_back(
        {"offset", 0,
         "an offset is shorter than the window's size, " + format_duration(config.size)});
  }
  if (config.lateness < Duration{0}) {
    errors.push_back({"lateness", 0, "lateness is not negative, for example \"5s\""});
  }
  if (config.max_keys == 0) {
    errors.push_back({"max_keys", 0, "at least one key must be allowed"});
  }
  if (config.max_windows == 0) {
    errors.push_back({"max_windows", 0, "at least one window must be allowed"});
  }
}

}  // namespace

StepOrErrors make_window(const WindowConfig& config) {
  StepErrors errors;
  check_bounds(config, errors);
  std::optional<Expression> key;
  if (!config.key.empty()) key = compile_field("key", config.key, 0, errors);
  auto compiled = Emit::compile(config.emit);
  if (auto* wrong = std::get_if<StepErrors>(&compiled)) {
    for (StepError& error : *wrong) errors.push_back(std::move(error));
  }
  if (!errors.empty()) return errors;
  return std::make_unique<TumblingStep>(
      TumblingStep::Rules{config.size, config.offset, config.lateness, config.accumulating,
                          config.max_keys, config.max_windows},
      WindowKey(std::move(key)), std::get<std::unique_ptr<Emit>>(std::move(compiled)));
}

}  // namespace sluice
