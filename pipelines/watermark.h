// Watermarks: how far event time has come. A watermark W says: no event with a time before W is to
// be expected any more.
//
//   events of one source --> SourceWatermark --+
//   events of another    --> SourceWatermark --+--> MergedWatermark --> Step::advance_watermark
//
// Driven by what a block holds alone (event times, receive times, engine time), so a replay gives
// the same watermarks. Engine thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace sluice {

struct WatermarkConfig {
  // How much older than the newest event of its source an event may be and still be on time.
  Duration out_of_order{0};
  // A source that is silent for this long no longer holds others back; zero: it always does.
  Duration idle_timeout = std::chrono::seconds(30);
  // An event's time counts as at most this much after it was received, while the clock is good.
  Duration max_ahead = std::chrono::minutes(5);
  // The events bring no time: theirs is the time of receipt, and the box's clock moves the
  // watermark on, though nothing comes.
  bool is_arrival = false;
  // Once a source is silent for this long, its event time moves on as engine time does, so that
  // windows end though nothing comes; nothing: only events move it.
  std::optional<Duration> idle_advance = std::nullopt;
};

// How far the watermark of arrival stays behind the clock: what a source has stamped reaches the
// engine within this, unless the source is held back.
constexpr Duration arrival_slack = std::chrono::seconds(1);

// What a step sees of one of its inputs.
struct WatermarkInput {
  std::optional<Timestamp> watermark;  // nothing: no event came yet
  bool is_idle = false;
};

// The watermark of one source: its highest event time less `out_of_order`. Only grows.
class SourceWatermark {
 public:
  explicit SourceWatermark(const WatermarkConfig& config) : config_(config) {}

  // Once for each event as it leaves the source, before any filter. A time stamp in the future
  // moves the watermark to `received` + max_ahead at most; with a clock that is not known to be
  // good the box cannot tell what the future is, and the event's time counts as it is.
  void observe(Timestamp event_time, Timestamp received, bool is_clock_good);

  // Once a block, before advance_time(), with its wall time: moves a watermark of arrival on,
  // unless this block brought events (theirs say it better) or the gateway held the source back.
  void observe_clock(Timestamp wall, bool was_backpressured);

  // Once at the end of each block, with its engine time; moves the watermark on with
  // `idle_advance`, also when the silence ends in this block. The time since the block before does
  // not count as silence when the gateway itself held the source back.
  void advance_time(EngineTime now, bool was_backpressured);

  WatermarkInput input() const { return {watermark(), is_idle()}; }
  std::optional<Timestamp> watermark() const;
  bool is_idle() const;
  // The wall time at which time alone brings the watermark to `wanted`, if nothing comes and the
  // last block was at `wall`; nothing: it takes an event.
  std::optional<Timestamp> clock_at(Timestamp wanted, Timestamp wall) const;
  // When the source falls idle if nothing comes; nothing: it is idle already, or never will be.
  std::optional<EngineTime> idle_at() const;
  // Events whose effect was limited, since the start of the program.
  std::uint64_t clamped_events() const { return clamped_events_; }

  // --- State: a format version byte and some numbers ---
  void save(std::string& out) const;
  // Errors: corrupt.
  Result<void> load(std::string_view bytes);

 private:
  WatermarkConfig config_;
  std::optional<Timestamp> highest_;  // event time, clamped
  std::optional<Timestamp> before_;   // the same at the end of the last block
  std::optional<EngineTime> now_;     // of the last block
  Duration silence_{0};               // since the last event, less time under backpressure
  bool was_heard_ = false;            // since the last advance_time()
  std::uint64_t clamped_events_ = 0;
};

// The watermark of a step with several inputs: the lowest of those that are not idle. When all are
// idle it is the highest, so that the order in which they fell silent makes no difference. An input
// that is neither idle nor has a watermark holds it back. Only grows.
class MergedWatermark {
 public:
  // Once a block. Gives what input() gives then, to be an input of the next pipeline.
  WatermarkInput update(std::span<const WatermarkInput> inputs);
  WatermarkInput input() const { return merged_; }

  // --- State ---
  void save(std::string& out) const;
  // Errors: corrupt.
  Result<void> load(std::string_view bytes);

 private:
  WatermarkInput merged_;
};

}  // namespace sluice
