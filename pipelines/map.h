// map: changes an event: removes, renames and sets fields of its data, and sets attributes.
//
//   [[pipelines.climate.steps]]
//   map = { set = { "data.celsius" = "(data.fahrenheit - 32.0) / 1.8", "subject" = "topic[2]" },
//           rename = { "data.hum" = "data.humidity" }, remove = ["data.fahrenheit"] }
//
// All expressions see the event as it came in. Then the step removes, renames and sets, in this
// order, each in the order of the configuration: so a value can be moved onto a removed name.
//
// A field path is `data`, or `data.` and names joined by dots. Attributes that can be set: subject,
// type, time. The id and the source are the gateway's business. What leaves is a new event without
// a payload of its own; an event on which something fails leaves as StepOutput::fail says,
// unchanged.
#pragma once

#include <string>
#include <vector>

#include "pipelines/step_error.h"

namespace sluice {

struct MapSet {
  std::string target;  // a field path, "subject", "type" or "time"
  std::string
      expression;  // for subject: a string or null (unset); type: a string; time: a timestamp
};

struct MapRename {
  std::string from;  // a field path; a field that is absent stays so
  std::string to;    // a field path; what was there is replaced
};

struct MapConfig {
  std::vector<MapSet> set;
  std::vector<MapRename> rename;
  std::vector<std::string> remove;  // field paths, or "subject"
};

// Fields named in errors: "map", "map.set.TARGET", "map.rename.FROM", "map.remove.PATH".
StepOrErrors make_map(const MapConfig& config);

}  // namespace sluice
