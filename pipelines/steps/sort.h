// sort: puts events into the order of their times. Whatever is given to it, what leaves by the main
// output has times that never go back; events of one time leave in the order in which they came.
//
//   sort = { max_wait = "10s" }
//
//                    watermark
//   came     5 3 | 4 8 |  6 7        <- 4 is behind the watermark 5: output `late`
//   leaves   3 5 |     |  6 7 8
//
// An event waits until the watermark has reached its time: then nothing is to be expected that
// belongs before it. The watermark is that of the pipeline, so `watermark.out_of_order` of the
// sources says how long that is; with 0s an event that is the newest leaves at once. Steps and
// pipelines behind see the watermark after the events that it let go, so nothing that was on time
// before a sort is late behind it.
//
// Nothing is lost, and what the order says stays true, also when the events do not fit:
//  - With more than max_events or max_memory the one that is due next leaves at once, counted as
//    "early_full"; one that waits for longer than max_wait, and all before it, as "early_wait".
//  - An event that belongs before one that has left, or is behind the watermark, leaves by the
//    output `late`, counted as "late".
//
// What leaves in order is an event of the pipeline, with an id and a source of its own
// (held_event.h). One of more than 64 KiB that would have to wait fails.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "pipelines/step_error.h"

namespace sluice {

struct SortConfig {
  static constexpr std::size_t least_memory = std::size_t{64} << 10;

  std::uint32_t max_events = 100'000;              // that wait; at least 1
  std::size_t max_memory = std::size_t{16} << 20;  // for them; a snapshot takes as much again
  Duration max_wait{0};                            // of engine time; 0: no limit
};

// Fields named in errors: "max_events", "max_memory", "max_wait".
StepOrErrors make_sort(const SortConfig& config);

}  // namespace sluice
