// Sessions: windows that events make themselves. Events of one key belong together while each is at
// most `gap` away from another; the session's span is [first event, last event + gap).
//
//   gap 5:   x---x-------x        x at 0, 4 | 12    -->  [0, 9)  [12, 17)
//
// Two events exactly one gap apart are one session (as in Flink and Kafka Streams; Beam splits
// them). With a `max_length` a session ends that long after its start at the latest, and an event
// that would make it longer begins another or stays alone; sessions never overlap.
#pragma once

#include "pipelines/windows/open_windows.h"

namespace sluice {

struct SessionRule {
  Duration gap{};
  Duration max_length{};  // at least the gap; zero: no limit
};

// Where an event goes: into a session that was open before it, into one that was open behind it,
// into both (then they become one), or (both nullptr) into a new one.
struct SessionPlace {
  OpenWindow* before = nullptr;
  OpenWindow* behind = nullptr;
  Span span;  // of the session with the event
};

SessionPlace find_session(OpenWindows& windows, const SessionRule& rule, Timestamp time);

}  // namespace sluice
