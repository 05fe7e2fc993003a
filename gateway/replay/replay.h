// Replay: what is recorded in the journal, run through another configuration, offline.
//
//   journal blocks --+--> configuration that was in force --> outputs --.
//                    |                                                   >-- Difference
//                    '--> the new configuration -----------> outputs --'
//
// Both begin without state at the start of the range, so that they can be compared; windows that
// were open then begin anew on both sides. Attributes that a source maps (`event = {..}`) are
// those that were recorded. Nothing is written.
#pragma once

#include <string>

#include "core/result.h"
#include "gateway/configuration.h"
#include "gateway/replay/journal_walk.h"
#include "gateway/replay/replay_report.h"
#include "gateway/replay/replay_side.h"
#include "storage/store.h"

namespace sluice {

struct ReplayRequest {
  ReplayRange range;
  std::string pipeline;   // only what this one gives; empty: all
  ShowProgress progress;  // may be called often
};

// Runs both.
//   try_later   the store cannot be read
//   bad_input   nothing is recorded in the range, or no pipeline has the wanted name
//   bad_config  a configuration cannot be run: the new one, or the one that the store has
Result<ReplayReport> replay_and_compare(Store& store, Configuration after,
                                        const ReplayRequest& request);

// Runs the new one alone and hands its outputs over. The same errors.
Result<WalkReport> replay_outputs(Store& store, Configuration after, const ReplayRequest& request,
                                  const ReplaySide::Visit& visit);

}  // namespace sluice
