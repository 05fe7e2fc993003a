// fill: gives a regular series the events that it misses, so that what comes behind can count on
// one for each multiple of `every`.
//
//   fill = { key = "subject", every = "1m", values = ["data.temperature"], method = "linear" }
//
//   multiples   08:00      08:01      08:02      08:03
//   came          20 (08:00:02)                    26 (08:02:58)
//   leaves        20         22         24         26
//
// An event stands for the multiple of `every` that is nearest to its time; one half way between two
// stands for the later. When an event of a key comes, the multiples between its own and that of the
// event before it are missing: for each an event leaves, with the multiple as its time, and then
// the event itself.
//
// Such an event is made after the one that ends the gap: it has its attributes, and as data the
// paths of `values` and `data.filled` = true. The values are
//   none      null
//   previous  those of the event before the gap
//   linear    on the straight line in time from the event before the gap to the one that ends it;
//             null when either has none. A value that is there must be a finite number.
//
// A gap of more than `max_gap` from event to event stays as it is, counted as "long_gaps": the
// device was off. So no event makes more than max_gap / every others. Nor is a gap filled with
// which the step would make more than 50'000 events in one block: that is a long gap too.
//
// The order is that of arrival. An event that is not later than the one before it passes and
// changes nothing (counted as "out_of_order" when it is earlier); but when the one before it had a
// time of more than 5 minutes after this one arrived, from a wrong clock, the series starts anew
// with this one. Where devices do not send in
// order, put `sort` before this step. Upstream events that are as they came go first among those of
// one commit; behind a `sort` none is. A filled event is older than the one that ends the gap, so
// it may be behind the watermark: a window that is to take it needs as much `lateness` as max_gap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

enum class FillMethod : std::uint8_t { none, previous, linear };

struct FillConfig {
  static constexpr std::int64_t most_events = 1000;  // for one gap: max_gap / every
  static constexpr std::int64_t most_events_of_block = 50'000;
  static constexpr std::size_t most_values = 16;
  static constexpr Duration least_every = std::chrono::milliseconds(1);
  static constexpr Duration most_every = std::chrono::hours(24) * 366;

  KeyedConfig keyed;
  Duration every{};                 // least_every to most_every
  std::vector<std::string> values;  // paths such as "data.temperature"; none lies in another
  FillMethod method = FillMethod::none;
  Duration max_gap{0};  // 0: 60 times `every`
};

// Fields named in errors: "key", "max_keys", "every", "values.N", "values", "max_gap".
StepOrErrors make_fill(const FillConfig& config);

}  // namespace sluice
