// Sessions: windows that events make themselves. Events of one key belong together while each is at
// most `gap` away from another; the session's span is [first event, last event + gap).
//
//   gap 5:   x---x-------x        x at 0, 4 | 12    -->  [0, 9)  [12, 17)
//
// Two events exactly one gap apart are one session (as in Flink and Kafka Streams), or two when
// `splits_touching` (as in Beam and Jet). With a `max_length` a session ends that long after its
// start at the latest, and an event that would make it longer begins another or stays alone;
// sessions never overlap.
#pragma once

#include <optional>

#include "pipelines/windows/open_windows.h"

namespace sluice {

struct SessionRule {
  Duration gap{};
  Duration max_length{};  // at least the gap; zero: no limit
  bool splits_touching = false;
};

// Where an event goes: into a session that was open before it, into one that was open behind it,
// into both (then they become one), or (both nullptr) into a new one.
struct SessionPlace {
  OpenWindow* before = nullptr;
  OpenWindow* behind = nullptr;
  Span span;  // of the session with the event
};

// The open window of `place`, with its span. Of two the one behind becomes part of the one before,
// and is given back in `gone`, without its pane.
OpenWindow& grow(OpenWindows& windows, const SessionPlace& place, WindowCore& core,
                 std::optional<OpenWindow>& gone);

SessionPlace find_session(OpenWindows& windows, const SessionRule& rule, Timestamp time);

}  // namespace sluice
