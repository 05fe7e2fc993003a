#include "pipelines/windows/session.h"

#include <algorithm>

#include "pipelines/saturate.h"

namespace sluice {

SessionPlace find_session(OpenWindows& windows, const SessionRule& rule, Timestamp time) {
  const auto latest_end = [&](Timestamp start) {
    return rule.max_length > Duration{0} ? add_saturated(start, rule.max_length) : Timestamp::max();
  };
  SessionPlace place;
  place.span = {time, add_saturated(time, rule.gap)};

  OpenWindow* const before = windows.last_from(time);
  if (before != nullptr && time <= before->span.end && time < latest_end(before->span.start)) {
    place.before = before;
    place.span.start = before->span.start;
    place.span.end = std::max(before->span.end, place.span.end);
  }
  place.span.end = std::min(place.span.end, latest_end(place.span.start));

  OpenWindow* const behind = windows.first_after(time);
  if (behind == nullptr || behind->span.start > place.span.end) return place;
  if (behind->span.end <= latest_end(place.span.start)) {
    place.behind = behind;
    place.span.end = std::max(behind->span.end, place.span.end);
  } else {
    place.span.end = behind->span.start;
  }
  return place;
}

}  // namespace sluice
