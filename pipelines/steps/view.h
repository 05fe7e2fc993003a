// view: remembers the last event of each key as a row of a table that people and programs can ask
// for; events pass as they are.
//
//   view = { name = "latest", key = "subject", columns = { t = "data.t", unit = "data.unit" } }
//
//   sluice view latest            KEY   TIME                  T     UNIT
//                                 hall  2026-01-01T08:00:05Z  21.5  C
//
// The last event is the one with the latest time: one that comes late changes nothing, counted as
// "out_of_order". But a row whose time is more than 5 minutes after an event arrived had it from a
// wrong clock: that event takes its place, whatever its own time is. Without `columns` the row is
// the event's data. When there are more keys than allowed, that which was not seen for longest
// leaves the table, counted as "evicted_keys"; none is ever refused. An event on which a column
// fails, or of which the row would have more than 64 KiB or be nested too deep to be kept, fails.
#pragma once

#include <string>
#include <vector>

#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct ViewColumn {
  std::string name;
  std::string expression;
};

struct ViewConfig {
  static constexpr std::size_t max_row_bytes = std::size_t{64} << 10;

  KeyedConfig keyed;  // when_full: evict
  std::string name;
  std::vector<ViewColumn> columns;
};

// Fields named in errors: "key", "max_keys", "name", "columns.NAME".
StepOrErrors make_view(const ViewConfig& config);

}  // namespace sluice
