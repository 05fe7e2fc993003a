// validate: lets events pass whose data is what a JSON Schema says.
//
//   validate = { schema = "reading.schema.json" }
//
// What is not: it fails with where and why ("data.t: \"hot\" is not of type number"), is dropped
// (reason "invalid"), or passes (counted as "invalid"). An event that passes is as it came: bytes
// and all. No state: the schema is part of the configuration.
#pragma once

#include <memory>

#include "pipelines/schema/json_schema.h"
#include "pipelines/step_error.h"
#include "pipelines/steps/refusal.h"

namespace sluice {

struct ValidateConfig {
  JsonSchema schema;
  Refusal invalid = Refusal::dead_letter;
};

std::unique_ptr<Step> make_validate(ValidateConfig config);

}  // namespace sluice
