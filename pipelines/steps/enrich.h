// enrich: adds to an event what a table says of it.
//
//   enrich = { table = "devices.csv", key = "subject", into = "data.device" }
//
//   subject "p7", data {"t":21}  -->  data {"t":21,"device":{"name":"pump","limit":80}}
//
// The row is the one whose key is the value of `key`, as text: 17 and 17.0 find the row "17", true
// finds "true". Its fields go to the path `into`; when that is `data` itself, each of them becomes
// a field of the data, in the place of one of the same name. Where the table has no row, the event
// fails, is dropped (reason "no_row"), or passes as it is (counted as "no_row"). A key of null (an
// attribute that is not set) has no row.
//
// No state: the table is part of the configuration.
#pragma once

#include <memory>
#include <string>

#include "pipelines/step_error.h"
#include "pipelines/steps/refusal.h"
#include "pipelines/tables/lookup_table.h"

namespace sluice {

struct EnrichConfig {
  std::unique_ptr<const LookupTable> table;  // must be there
  std::string key;                           // an expression
  std::string into = "data";                 // a field path, or data
  Refusal missing = Refusal::dead_letter;
};

// Fields named in errors: "key", "into".
StepOrErrors make_enrich(EnrichConfig config);

}  // namespace sluice
