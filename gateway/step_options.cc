#include "gateway/step_options.h"

#include <map>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/located_text.h"
#include "pipelines/filter.h"
#include "pipelines/map.h"
#include "pipelines/route.h"
#include "pipelines/windows/window.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// Where each field that a factory may complain about stands in the file.
using Places = std::map<std::string, LocatedText>;

// The step, or nothing when its factory found faults: each is reported at its place in the file.
std::unique_ptr<Step> take_step(StepOrErrors made, const Places& places, Diagnostics& diagnostics) {
  if (auto* step = std::get_if<std::unique_ptr<Step>>(&made)) return std::move(*step);
  for (const StepError& error : std::get<StepErrors>(made)) {
    const auto place = places.find(error.field);
    const LocatedText nowhere;
    const LocatedText& text = place == places.end() ? nowhere : place->second;
    diagnostics.error(text.position_of(error.offset),
                      text.path().empty() ? error.field : text.path(), error.message);
  }
  return nullptr;
}

struct FilterOptions {
  ExpressionText filter;
};
void describe(Fields<FilterOptions>& fields) {
  fields.required("filter", &FilterOptions::filter, "Events for which this is false end here.");
}

struct MapTable {
  std::map<std::string, ExpressionText> set;
  std::map<std::string, LocatedText> rename;
  std::vector<LocatedText> remove;
};
void describe(Fields<MapTable>& fields) {
  fields
      .optional("set", &MapTable::set,
                "Field or attribute = expression; all see the event as it came in.")
      .optional("rename", &MapTable::rename, "Old field = \"new field\".")
      .optional("remove", &MapTable::remove, "Fields to leave out.");
}
struct MapOptions {
  MapTable map;
};
void describe(Fields<MapOptions>& fields) {
  fields.required("map", &MapOptions::map, "What changes: removes first, then renames, then sets.");
}

struct RouteOptions {
  std::map<std::string, ExpressionText> route;
};
void describe(Fields<RouteOptions>& fields) {
  fields
      .required("route", &RouteOptions::route,
                "Output = condition; an event leaves by the first output, in the order of their "
                "names, whose condition is "
                "true, and by the main output when none is.")
      .not_empty();
}

struct WindowTable {
  std::optional<Duration> tumbling;
  Duration offset{0};
  ExpressionText key;
  Duration lateness{0};
  bool accumulating = true;
  std::int64_t max_keys = 100'000;
};
void describe(Fields<WindowTable>& fields) {
  fields
      .required("tumbling", &WindowTable::tumbling,
                "Length of a window; windows follow each other without a gap.")
      .at_least(1ms)
      .optional("offset", &WindowTable::offset, "Moves the start of windows.")
      .optional("key", &WindowTable::key,
                "Events with the same value share a window; without it all do.")
      .optional("lateness", &WindowTable::lateness,
                "How long a window that has fired still takes events, firing again with a higher "
                "revision.")
      .at_least(Duration{0})
      .optional("accumulating", &WindowTable::accumulating,
                "A revision holds all events of the window; false: only what is new.")
      .optional(
          "max_keys", &WindowTable::max_keys,
          "Keys with an open window at a time; events of further keys are dropped and counted.")
      .between(1, 10'000'000);
}
struct WindowOptions {
  WindowTable window;
  RawTable emit;
};
void describe(Fields<WindowOptions>& fields) {
  fields.required("window", &WindowOptions::window, "The window.")
      .required("emit", &WindowOptions::emit,
                "Field of the result = aggregate, for instance mean = \"avg(data.temperature)\".");
}

}  // namespace

std::unique_ptr<Step> read_filter(TableReader& reader, Diagnostics& diagnostics) {
  FilterOptions options;
  if (!reader.read(options)) return nullptr;
  return take_step(make_filter({options.filter.text()}), {{"filter", options.filter}}, diagnostics);
}

std::unique_ptr<Step> read_map(TableReader& reader, Diagnostics& diagnostics) {
  MapOptions options;
  if (!reader.read(options)) return nullptr;
  MapConfig config;
  Places places;
  for (const auto& [target, expression] : options.map.set) {
    config.set.push_back({target, expression.text()});
    places.emplace("map.set." + target, expression);
  }
  for (const auto& [from, to] : options.map.rename) {
    config.rename.push_back({from, to.text()});
    places.emplace("map.rename." + from, to);
  }
  for (const LocatedText& path : options.map.remove) {
    config.remove.push_back(path.text());
    places.emplace("map.remove." + path.text(), path);
  }
  return take_step(make_map(config), places, diagnostics);
}

std::unique_ptr<Step> read_route(TableReader& reader, Diagnostics& diagnostics) {
  RouteOptions options;
  if (!reader.read(options)) return nullptr;
  RouteConfig config;
  Places places;
  for (const auto& [name, condition] : options.route) {
    config.outputs.push_back({name, condition.text()});
    places.emplace("route." + name, condition);
  }
  return take_step(make_route(config), places, diagnostics);
}

std::unique_ptr<Step> read_window(TableReader& reader, Diagnostics& diagnostics) {
  WindowOptions options;
  if (!reader.read(options)) return nullptr;
  WindowConfig config;
  config.size = *options.window.tumbling;
  config.offset = options.window.offset;
  config.key = options.window.key.text();
  config.lateness = options.window.lateness;
  config.accumulating = options.window.accumulating;
  config.max_keys = static_cast<std::uint32_t>(options.window.max_keys);
  Places places = {{"key", options.window.key}};
  bool is_good = true;
  // In the order of the file: the result's fields come in it.
  for (const auto& field : options.emit.node().children) {
    if (field->kind != Node::Kind::string) {
      diagnostics.error(*field, "an aggregate such as \"avg(data.temperature)\" is needed, not " +
                                    describe_node(*field, false));
      is_good = false;
      continue;
    }
    diagnostics.show(field->value);  // an aggregate is no secret
    const LocatedText text(*field);
    config.emit.push_back({field->name, text.text()});
    places.emplace("emit." + field->name, text);
  }
  if (!is_good) return nullptr;
  return take_step(make_window(config), places, diagnostics);
}

ComponentDescription describe_filter(std::string_view key, std::string_view summary) {
  return describe_component<FilterOptions>("step", std::string(key), std::string(summary));
}
ComponentDescription describe_map(std::string_view key, std::string_view summary) {
  return describe_component<MapOptions>("step", std::string(key), std::string(summary));
}
ComponentDescription describe_route(std::string_view key, std::string_view summary) {
  return describe_component<RouteOptions>("step", std::string(key), std::string(summary));
}
ComponentDescription describe_window(std::string_view key, std::string_view summary) {
  return describe_component<WindowOptions>("step", std::string(key), std::string(summary));
}

}  // namespace sluice
