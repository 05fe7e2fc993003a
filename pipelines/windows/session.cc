#include "pipelines/windows/session.h"

#include <algorithm>
#include <utility>

#include "pipelines/saturate.h"

namespace sluice {

SessionPlace find_session(OpenWindows& windows, const SessionRule& rule, Timestamp time) {
  const auto latest_end = [&](Timestamp start) {
    return rule.max_length > Duration{0} ? add_saturated(start, rule.max_length) : Timestamp::max();
  };
  SessionPlace place;
  place.span = {time, add_saturated(time, rule.gap)};

  OpenWindow* const before = windows.last_from(time);
  const bool reaches_before =
      before != nullptr &&
      (rule.splits_touching ? time < before->span.end : time <= before->span.end);
  if (reaches_before && time < latest_end(before->span.start)) {
    place.before = before;
    place.span.start = before->span.start;
    place.span.end = std::max(before->span.end, place.span.end);
  }
  place.span.end = std::min(place.span.end, latest_end(place.span.start));

  OpenWindow* const behind = windows.first_after(time);
  const bool reaches_behind =
      behind != nullptr && (rule.splits_touching ? behind->span.start < place.span.end
                                                 : behind->span.start <= place.span.end);
  if (!reaches_behind) return place;
  if (behind->span.end <= latest_end(place.span.start)) {
    place.behind = behind;
    place.span.end = std::max(behind->span.end, place.span.end);
  } else {
    place.span.end = behind->span.start;
  }
  return place;
}

OpenWindow& grow(OpenWindows& windows, const SessionPlace& place, WindowCore& core,
                 std::optional<OpenWindow>& gone) {
  OpenWindow* window = place.before != nullptr ? place.before : place.behind;
  if (place.before != nullptr && place.behind != nullptr) {
    const Timestamp end = window->span.end;
    gone = windows.take(place.behind);
    window = windows.find(end);
    core.merge(window->pane, gone->pane);
    core.close(std::move(gone->pane));
    window->revision = std::max(window->revision, gone->revision);
    window->add_news(gone->news);
  }
  window->span = place.span;
  return *window;
}

}  // namespace sluice
