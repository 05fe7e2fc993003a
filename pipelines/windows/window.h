// window: summarises events of the same key in spans of event time.
//
//   window = { tumbling = "10s", key = "subject", lateness = "5s" }
//   emit = { mean = "avg(data.temperature)", n = "count()" }
//
//        start (in)                    end (out)      end + lateness
//   -------[-----------------------------)-----------------|---------> event time
//    watermark: collecting                | fired,          | state gone,
//                                         | fires again     | event is late
//
// Where engines differ, Sluice does this:
//   - A window is [start, end). It fires when the watermark reaches its end. Windows that become
//   due
//     together fire in the order of (end, bytes of the key).
//   - An event is late when the watermark has reached the end of its window plus `lateness`; being
//     older than the watermark alone does not make it late. A late event goes, unchanged, to the
//     output "late".
//   - An event that is behind the end, yet not late, fires its window again at the end of the block
//     it came in: one result per window and block, with the next `revision`.
//   - An accumulating window gives all its events again in each revision; a discarding one gives
//     only those since the last.
//   - A window in which no event fell gives nothing. Windows before 1970 are as good as others.
//   - A restart fires nothing, and nothing fires because the gateway stops.
//
// A result is an event of type "sluice.window": subject = the key's text, time = the end of the
// window, extensions windowstart, windowend (timestamps) and revision (an int: 0, 1, ...), and as
// data the emitted fields in the order of the configuration. Receivers upsert by (subject,
// windowstart, windowend) and let the highest revision win.
//
// An event on which the key or a field fails (an expression's error, a value of a type that its
// aggregate refuses) changes nothing and leaves as StepOutput::fail says. An absent or null field
// is left out of its aggregate and counted as "absent_value"; what a full `collect` leaves out
// counts as "full_collection". Of a new key beyond `max_keys` the event is dropped, reason
// "max_keys".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "pipelines/step_error.h"
#include "pipelines/windows/emit.h"

namespace sluice {

struct WindowConfig {
  Duration size{};           // of a tumbling window; > 0
  Duration offset{0};        // windows start at multiples of `size`, moved by this; |offset| < size
  std::string key;           // an expression; empty: one window for all events
  Duration lateness{0};      // how long a window stays open to late events
  bool accumulating = true;  // false: a revision holds only what is new
  std::vector<EmitField> emit;          // 1 to 64
  std::uint32_t max_keys = 100'000;     // that have a window open, at a time
  std::uint32_t max_windows = 400'000;  // open at a time, each key's counted; times far in the
                                        // future would open any number of them
};

// Fields named in errors: "tumbling", "offset", "key", "lateness", "max_keys",
// "max_windows", "emit", "emit.NAME".
StepOrErrors make_window(const WindowConfig& config);

}  // namespace sluice
