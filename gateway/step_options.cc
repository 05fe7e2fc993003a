#include "gateway/step_options.h"

#include <map>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/located_text.h"
#include "gateway/step_places.h"
#include "pipelines/filter.h"
#include "pipelines/map.h"
#include "pipelines/route.h"

namespace sluice {
namespace {

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

}  // namespace

std::unique_ptr<Step> read_filter(TableReader& reader, Diagnostics& diagnostics) {
  FilterOptions options;
  if (!reader.read(options)) return nullptr;
  return take_step(make_filter({options.filter.text()}), {{"filter", options.filter}},
                   reader.table(), diagnostics);
}

std::unique_ptr<Step> read_map(TableReader& reader, Diagnostics& diagnostics) {
  MapOptions options;
  if (!reader.read(options)) return nullptr;
  MapConfig config;
  StepPlaces places;
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
  return take_step(make_map(config), places, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_route(TableReader& reader, Diagnostics& diagnostics) {
  RouteOptions options;
  if (!reader.read(options)) return nullptr;
  RouteConfig config;
  StepPlaces places;
  for (const auto& [name, condition] : options.route) {
    config.outputs.push_back({name, condition.text()});
    places.emplace("route." + name, condition);
  }
  return take_step(make_route(config), places, reader.table(), diagnostics);
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
}  // namespace sluice
