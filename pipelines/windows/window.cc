#include "pipelines/windows/window.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "pipelines/windows/calendar_days.h"
#include "pipelines/windows/count_step.h"
#include "pipelines/windows/key_time_step.h"
#include "pipelines/windows/own_pane_step.h"
#include "pipelines/windows/pane_layout.h"
#include "pipelines/windows/shared_pane_step.h"

namespace sluice {
namespace {

constexpr Duration longest = std::chrono::hours(24 * 366 * 100);
constexpr std::uint32_t most_events = 1'000'000;

CountStep::Rules count_rules(const WindowConfig& config) {
  return {config.count,       config.count_every > 0 ? config.count_every : config.count,
          config.max_keys,    config.max_windows,
          config.max_memory,  config.when_full,
          config.forget_after};
}

// Reports what is wrong, field by field.
class Checks {
 public:
  explicit Checks(const WindowConfig& config) : config_(config) {}

  StepErrors run() {
    check_size();
    check_offset();
    check_time_zone();
    check_lateness();
    check_early();
    check_watermark();
    check_keys();
    if (config_.max_keys == 0) refuse("max_keys", "at least one key must be allowed");
    if (config_.max_windows == 0) refuse("max_windows", "at least one window must be allowed");
    return std::move(errors_);
  }

 private:
  using enum WindowShape;

  void refuse(std::string_view field, std::string message) {
    errors_.push_back({std::string(field), 0, std::move(message)});
  }

  // The field of the shape: "tumbling".
  std::string_view shape() const {
    switch (config_.shape) {
      case tumbling:
        return "tumbling";
      case hopping:
        return "hopping";
      case session:
        return "session";
      case count:
        return "count";
      case sliding:
        return "sliding";
      case global:
        return "global";
    }
    return {};
  }

  void check_size() {
    const bool is_timed = config_.shape != count && config_.shape != global;
    if (is_timed && (config_.size <= Duration{0} || config_.size > longest)) {
      refuse(shape(),
             "a window's size is more than zero and at most 100 years, for example \"10s\"");
    }
    if (config_.shape == hopping && (config_.every <= Duration{0} || config_.every > longest)) {
      refuse("every", "a hop is more than zero and at most 100 years, for example \"10s\"");
    }
    if (config_.shape == session && config_.max_length != Duration{0} &&
        (config_.max_length < config_.size || config_.max_length > longest)) {
      refuse("max_length",
             "a session's length is at least its gap, " + format_duration(config_.size));
    }
    if (config_.shape != session && config_.splits_touching) {
      refuse("touching", "only sessions can touch");
    }
    if (config_.shape == count) check_count();
  }

  void check_count() {
    if (config_.count == 0 || config_.count > most_events) {
      return refuse("count", "a window has 1 to 1000000 events");
    }
    const CountStep::Rules rules = count_rules(config_);
    if (rules.every > config_.count) {
      refuse("every", "at most as many as the window has, " + std::to_string(config_.count));
    } else if (config_.count / rules.pane_events() > CountStep::max_panes_of_key) {
      refuse("every",
             "a window may consist of at most 1000 panes, whose size is the greatest common "
             "divisor of 'count' and 'every'");
    }
  }

  void check_offset() {
    const Duration step = config_.shape == hopping ? config_.every : config_.size;
    if (config_.shape != tumbling && config_.shape != hopping) {
      if (config_.offset != Duration{0})
        refuse("offset", "only tumbling and hopping windows have one");
    } else if (step > Duration{0} && (config_.offset <= -step || config_.offset >= step)) {
      refuse("offset", "an offset is shorter than " + format_duration(step) +
                           ", the time from one window to the next");
    }
  }

  void check_time_zone() {
    if (config_.time_zone.empty()) return;
    constexpr Duration day = std::chrono::hours(24);
    if (config_.shape != tumbling) {
      refuse("time_zone", "only tumbling windows follow the days of a time zone");
    } else if (config_.size > day && config_.size % day != Duration{0}) {
      refuse("time_zone", "a window of a calendar is whole days, or less than one");
    } else if (const auto days = CalendarDays::make(day, Duration{0}, config_.time_zone); !days) {
      refuse("time_zone", days.error().message);
    }
  }

  void check_lateness() {
    if (config_.lateness < Duration{0}) {
      refuse("lateness", "lateness is not negative, for example \"5s\"");
    } else if (config_.lateness > Duration{0} &&
               (config_.shape == count || config_.shape == global)) {
      refuse("lateness", "no event is late for a window that does not end by the time");
    }
    if (!config_.accumulating && (config_.shape == count || config_.shape == sliding)) {
      refuse("accumulating", "only tumbling, hopping, session and global windows can discard");
    }
  }

  void check_early() {
    const bool has_early = config_.early != Duration{0} || config_.early_count > 0;
    if (config_.early < Duration{0}) refuse("early", "a time is not negative, for example \"10s\"");
    const bool may =
        config_.shape == tumbling || config_.shape == session || config_.shape == global;
    if (has_early && !may) {
      refuse(config_.early_count > 0 ? "early_count" : "early",
             "only tumbling, session and global windows give results before their end");
    }
    if (config_.shape == global && !has_early) {
      refuse("global", "a window that never ends needs 'early' or 'early_count' to give results");
    }
  }

  void check_watermark() {
    if (config_.out_of_order < Duration{0}) {
      refuse("out_of_order", "a time is not negative, for example \"5s\"");
    }
    if (!config_.by_key_time) {
      if (config_.out_of_order > Duration{0}) {
        refuse("out_of_order",
               "only with watermark = \"key\"; that of a source stands in its own 'watermark'");
      }
      return;
    }
    if (config_.shape != tumbling && config_.shape != session) {
      refuse("watermark", "only tumbling and session windows can go by their key's time");
    } else if (config_.key.empty()) {
      refuse("watermark", "there is no 'key' whose time the windows could go by");
    } else if (config_.early != Duration{0} || config_.early_count > 0) {
      refuse(config_.early_count > 0 ? "early_count" : "early",
             "windows that go by their key's time give no results before their end");
    }
  }

  void check_keys() {
    if (config_.forget_after < Duration{0}) {
      refuse("forget_after", "a time is not negative, for example \"24h\"");
    }
    if (config_.by_key_time || config_.shape == count || config_.shape == global) return;
    constexpr std::string_view why =
        "only for count and global windows and those with watermark = \"key\"; "
        "others end by the watermark of all";
    if (config_.forget_after > Duration{0}) refuse("forget_after", std::string(why));
    if (config_.when_full == WhenFull::evict) refuse("when_full", std::string(why));
  }

  const WindowConfig& config_;
  StepErrors errors_;
};

// nullptr: of sessions there is none.
std::unique_ptr<SpanRule> make_spans(const WindowConfig& config) {
  if (config.shape == WindowShape::session) return nullptr;
  if (config.shape == WindowShape::global) return std::make_unique<GlobalSpan>();
  if (config.time_zone.empty()) {
    return std::make_unique<TumblingSpans>(config.size, config.offset);
  }
  auto days = CalendarDays::make(config.size, config.offset, config.time_zone);
  CHECK(days.is_ok());  // it was tried before
  return std::move(days).value();
}

std::optional<SessionRule> session_rule(const WindowConfig& config) {
  if (config.shape != WindowShape::session) return std::nullopt;
  return SessionRule{config.size, config.max_length, config.splits_touching};
}

std::unique_ptr<Step> make_own_pane_step(const WindowConfig& config, WindowCore core) {
  OwnPaneStep::Rules rules;
  rules.lateness = config.lateness;
  rules.accumulating = config.accumulating;
  rules.late_by_event = config.late_by_event;
  rules.early = config.early;
  rules.early_count = config.early_count;
  rules.has_bounds = config.shape != WindowShape::global;
  rules.session = session_rule(config);
  rules.max_keys = config.max_keys;
  rules.max_windows = config.max_windows;
  rules.max_memory = config.max_memory;
  rules.when_full = config.when_full;
  rules.forget_after = config.forget_after;
  return std::make_unique<OwnPaneStep>(make_spans(config), rules, std::move(core));
}

std::unique_ptr<Step> make_key_time_step(const WindowConfig& config, WindowCore core) {
  KeyTimeStep::Rules rules;
  rules.out_of_order = config.out_of_order;
  rules.lateness = config.lateness;
  rules.accumulating = config.accumulating;
  rules.late_by_event = config.late_by_event;
  rules.session = session_rule(config);
  rules.max_keys = config.max_keys;
  rules.max_windows = config.max_windows;
  rules.max_memory = config.max_memory;
  rules.when_full = config.when_full;
  rules.forget_after = config.forget_after;
  return std::make_unique<KeyTimeStep>(make_spans(config), rules, std::move(core));
}

std::unique_ptr<Step> make_shared_pane_step(const WindowConfig& config, WindowCore core) {
  const SharedPaneStep::Rules rules{config.lateness, config.accumulating, config.late_by_event,
                                    config.max_keys, config.max_windows,  config.max_memory};
  std::unique_ptr<PaneLayout> layout;
  if (config.shape == WindowShape::hopping) {
    layout = std::make_unique<HoppingLayout>(config.size, config.every, config.offset);
  } else {
    layout = std::make_unique<SlidingLayout>(config.size);
  }
  return std::make_unique<SharedPaneStep>(std::move(layout), rules, std::move(core));
}

}  // namespace

StepOrErrors make_window(const WindowConfig& config) {
  StepErrors errors = Checks(config).run();
  std::optional<Expression> key;
  if (!config.key.empty()) key = compile_field("key", config.key, 0, errors);
  auto compiled = Emit::compile(config.emit);
  if (auto* wrong = std::get_if<StepErrors>(&compiled)) {
    for (StepError& error : *wrong) errors.push_back(std::move(error));
  }
  if (!errors.empty()) return errors;
  WindowCore core(WindowKey(std::move(key)), std::get<std::unique_ptr<Emit>>(std::move(compiled)));
  // Room for one window, whatever its key is and what it is given.
  const std::size_t least = core.new_pane_bytes() + core.max_growth() + 4 * WindowKey::max_bytes;
  if (config.max_memory < least) {
    return StepErrors{
        {"max_memory", 0, "these fields need at least " + std::to_string(least) + " bytes"}};
  }
  if (config.by_key_time) return make_key_time_step(config, std::move(core));
  switch (config.shape) {
    case WindowShape::tumbling:
    case WindowShape::session:
    case WindowShape::global:
      return make_own_pane_step(config, std::move(core));
    case WindowShape::hopping:
    case WindowShape::sliding:
      return make_shared_pane_step(config, std::move(core));
    case WindowShape::count:
      break;
  }
  return std::make_unique<CountStep>(count_rules(config), std::move(core));
}

}  // namespace sluice
