// window: summarises events of the same key in windows of event time, or by number.
//
//   window = { tumbling = "10s", key = "subject", lateness = "5s" }
//   emit = { mean = "avg(data.temperature)", n = "count()" }
//
//        start (in)                    end (out)      end + lateness
//   -------[-----------------------------)-----------------|---------> event time
//    watermark: collecting                | fired,          | state gone,
//                                         | fires again     | event is late
//
// Kinds:
//   tumbling  [k * size + offset, ... + size), side by side. With a `time_zone` they follow its
//   days
//             (calendar_days.h): 23 or 25 hours long where the clocks change.
//   hopping   the same, but one begins each `every`. With `every` longer than the size there are
//             times between windows; events there are dropped, reason "between_windows".
//   session   [first event, last event + gap). Two events exactly one gap apart are in one session,
//             unless `splits_touching`. See session.h for `max_length`.
//   count     so many events of a key in the order in which they came, each `every` events; at
//             first with fewer. Time has no part in it: nothing is late, and what is not full waits
//             for ever. windowstart and windowend are the earliest and the latest event's time.
//   sliding   for each time T at which a key has an event, its events in [T - size, T], both bounds
//             in; fires when the watermark is past T. Events of the same time share one result.
//   global    one window without an end, told by `early` and `early_count` alone. No windowstart,
//             no windowend; the result's time is that of the newest event of all keys.
//
// Where engines differ, Sluice does this:
//   - A window is [start, end). It fires when the watermark reaches its end. Windows that become
//     due together fire in the order of (end, bytes of the key).
//   - An event is late when the watermark has reached the end of its last window plus `lateness`;
//     being older than the watermark alone does not make it late. An event that is late for some
//     hopping or sliding windows counts in the others. With `late_by_event` all events behind the
//     watermark are late. A late event goes, unchanged, to the output "late".
//   - An event behind the watermark may join a session that is open, or within its lateness; late
//     is what would be in a session that is closed even after the joining.
//   - An event that is behind the end, yet not late, fires its window again at the end of the block
//     it came in: one result per window and block, with the next `revision`.
//   - An accumulating window gives all its events again in each revision; a discarding one gives
//     only those since the last.
//   - Sessions that an event joins become one, whose next revision is above all they had. Their
//     own results are not taken back: the joined one covers their spans.
//   - Early results carry early = true. They come once in `early` of engine time, counted from the
//     first news on, for all windows with news, and at the end of the block with the
//     `early_count`-th new event of a window. At its end an accumulating window that was told early
//     is told again, also without news: that result is complete.
//   - With `by_key_time` a key's watermark is its own highest event time less `out_of_order`, and
//     moves at the end of a block in which it had events. So what one device sends late, because it
//     had no link, is not late by what others sent; see key_time_step.h for keys that fall silent.
//   - A window in which no event fell gives nothing. Windows before 1970 are as good as others.
//   - A restart fires nothing, and nothing fires because the gateway stops.
//   - Panes of overlapping windows, and sessions that join, merge in the order of time. So
//   `collect`
//     keeps the order of arrival within a pane only.
//
// A result is an event of type "sluice.window": subject = the key's text, time = the end of the
// window, extensions windowstart, windowend (timestamps), revision (an int: 0, 1, ...) and early,
// and as data the emitted fields in the order of the configuration. Receivers upsert by (subject,
// windowstart, windowend) and let the highest revision win.
//
// An event on which the key or a field fails (an expression's error, a value of a type that its
// aggregate refuses) changes nothing and leaves as StepOutput::fail says. An absent or null field
// is left out of its aggregate and counted as "absent_value"; what a full `collect` leaves out
// counts as "full_collection". Of a new key beyond `max_keys`, or one that would open more than
// `max_windows` or need more than `max_memory`, the event is dropped, with that reason. Where
// windows do not end by the watermark of all (count, global, by_key_time), WhenFull::evict makes
// room instead: the key that was not used for the longest time tells what it has not told, as an
// early result, and goes. It begins anew with its next event. Keys that go are counted
// ("evicted_keys", "forgotten_keys"). Windows that end by the watermark are never evicted: one that
// opened anew would have the same bounds, and a receiver could not tell that it is only a part.
//
// `max_memory` bounds what is saved, by an upper estimate that is the same after a restart; while a
// snapshot is written there may be as much again (Step::memory_limit).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "pipelines/step_error.h"
#include "pipelines/steps/bounded_keys.h"
#include "pipelines/windows/emit.h"

namespace sluice {

enum class WindowShape : std::uint8_t { tumbling, hopping, session, count, sliding, global };

struct WindowConfig {
  WindowShape shape = WindowShape::tumbling;
  Duration size{};                // tumbling, hopping, sliding: the length; session: the gap
  Duration every{};               // hopping: from the start of one window to that of the next
  Duration offset{0};             // tumbling, hopping: moves the starts; shorter than what it moves
  std::string time_zone;          // tumbling: days of this zone ("Europe/Berlin"); empty: the epoch
  Duration max_length{};          // session: zero: no limit
  bool splits_touching = false;   // session: two events exactly one gap apart are in two
  std::uint32_t count = 0;        // count: events in a window
  std::uint32_t count_every = 0;  // count: events from one result to the next; zero: `count`
  std::string key;                // an expression; empty: one window for all events
  Duration lateness{0};           // how long a window stays open to late events
  bool accumulating = true;       // false: a revision holds only what is new
  bool late_by_event = false;     // an event behind the watermark is late, whatever its windows
  Duration early{0};              // results before the end, so often in engine time; zero: none
  std::uint32_t early_count = 0;  // and after so many new events; zero: none
  std::vector<EmitField> emit;    // 1 to 64
  std::uint32_t max_keys = 100'000;     // that have a window open, at a time
  std::uint32_t max_windows = 400'000;  // open at a time, each key's counted (of a hopping window
                                        // its panes, of a sliding one the times of its events)
  std::size_t max_memory = std::size_t{16} << 20;  // of all keys and windows, in bytes
  bool by_key_time = false;                        // each key has a watermark of its own
  Duration out_of_order{0};               // of which: how far it is behind the key's newest event
  WhenFull when_full = WhenFull::refuse;  // count, global, by_key_time
  Duration forget_after{0};               // of the same: a key silent for so long goes; zero: never
};

// Fields named in errors: the shape ("tumbling", "count" ...), "every", "offset", "time_zone",
// "max_length", "touching", "key", "lateness", "accumulating", "early", "early_count", "watermark",
// "out_of_order", "max_keys", "max_windows", "max_memory", "when_full", "forget_after", "emit",
// "emit.NAME".
StepOrErrors make_window(const WindowConfig& config);

}  // namespace sluice
