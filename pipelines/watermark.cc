#include "pipelines/watermark.h"

#include <algorithm>

#include "core/bytes.h"
#include "pipelines/saturate.h"

namespace sluice {
namespace {

constexpr std::uint8_t format_version = 1;

Error damaged() { return Error{ErrorKind::corrupt, "a saved watermark cannot be read"}; }

void put_time(std::string& out, std::optional<Timestamp> time) {
  put_fixed<std::uint8_t>(out, time.has_value() ? 1 : 0);
  if (time) put_signed(out, time->time_since_epoch().count());
}

std::optional<Timestamp> take_time(ByteReader& in) {
  if (in.fixed<std::uint8_t>() == 0) return std::nullopt;
  return Timestamp(Duration(in.signed_varint()));
}

}  // namespace

void SourceWatermark::observe(Timestamp event_time, Timestamp received, bool is_clock_good) {
  if (is_clock_good) {
    const Timestamp limit = add_saturated(received, config_.max_ahead);
    if (event_time > limit) {
      event_time = limit;
      ++clamped_events_;
    }
  }
  highest_ = highest_ ? std::max(*highest_, event_time) : event_time;
  was_heard_ = true;
}

void SourceWatermark::observe_clock(Timestamp wall, bool was_backpressured) {
  if (!config_.is_arrival || was_heard_ || was_backpressured) return;
  const Timestamp reached = subtract_saturated(wall, arrival_slack);
  highest_ = highest_ ? std::max(*highest_, reached) : reached;
}

std::optional<Timestamp> SourceWatermark::clock_at(Timestamp wanted, Timestamp wall) const {
  const Timestamp highest = add_saturated(wanted, config_.out_of_order);
  if (config_.is_arrival) return add_saturated(highest, arrival_slack);
  if (!config_.idle_advance || !highest_) return std::nullopt;
  const Duration wait = std::max(Duration{0}, *config_.idle_advance - silence_);
  // Of times far apart the difference does not fit: then it is later than all.
  std::int64_t missing = 0;
  if (__builtin_sub_overflow(highest.time_since_epoch().count(),
                             highest_->time_since_epoch().count(), &missing)) {
    return Timestamp::max();
  }
  return add_saturated(add_saturated(wall, wait), std::max(Duration{0}, Duration(missing)));
}

void SourceWatermark::advance_time(EngineTime now, bool was_backpressured) {
  const bool counts = now_ && !was_backpressured;
  const Duration silence = counts ? silence_ + (now - *now_) : silence_;
  if (config_.idle_advance && before_ && !config_.is_arrival) {
    const auto beyond = [this](Duration silent) {
      return std::max(Duration{0}, silent - *config_.idle_advance);
    };
    const Duration advance = beyond(silence) - beyond(silence_);
    highest_ = std::max(*highest_, add_saturated(*before_, advance));
  }
  silence_ = was_heard_ ? Duration{0} : silence;
  before_ = highest_;
  was_heard_ = false;
  now_ = now;
}

std::optional<Timestamp> SourceWatermark::watermark() const {
  if (!highest_) return std::nullopt;
  return subtract_saturated(*highest_, config_.out_of_order);
}

bool SourceWatermark::is_idle() const {
  return config_.idle_timeout > Duration{0} && !was_heard_ && silence_ >= config_.idle_timeout;
}

std::optional<EngineTime> SourceWatermark::idle_at() const {
  if (config_.idle_timeout <= Duration{0} || !now_ || is_idle()) return std::nullopt;
  return *now_ + (config_.idle_timeout - silence_);
}

void SourceWatermark::save(std::string& out) const {
  put_fixed<std::uint8_t>(out, format_version);
  put_time(out, highest_);
  put_fixed<std::uint8_t>(out, now_.has_value() ? 1 : 0);
  if (now_) put_signed(out, static_cast<std::int64_t>(*now_));
  put_signed(out, silence_.count());
  put_fixed<std::uint8_t>(out, was_heard_ ? 1 : 0);
}

Result<void> SourceWatermark::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != format_version) return damaged();
  const auto highest = take_time(in);
  std::optional<EngineTime> now;
  if (in.fixed<std::uint8_t>() != 0) now = EngineTime{in.signed_varint()};
  const Duration silence(in.signed_varint());
  const bool was_heard = in.fixed<std::uint8_t>() != 0;
  if (!in.is_ok() || !in.at_end()) return damaged();
  highest_ = before_ = highest;
  now_ = now;
  silence_ = silence;
  was_heard_ = was_heard;
  return {};
}

WatermarkInput MergedWatermark::update(std::span<const WatermarkInput> inputs) {
  const bool all_idle = std::ranges::all_of(inputs, &WatermarkInput::is_idle);
  std::optional<Timestamp> merged;
  for (const WatermarkInput& input : inputs) {
    if (input.is_idle && !all_idle) continue;
    if (!input.watermark) {
      if (all_idle) continue;
      merged.reset();
      break;
    }
    if (!merged) {
      merged = input.watermark;
    } else {
      merged = all_idle ? std::max(*merged, *input.watermark) : std::min(*merged, *input.watermark);
    }
  }
  if (merged && (!merged_.watermark || *merged > *merged_.watermark)) merged_.watermark = merged;
  merged_.is_idle = all_idle;
  return merged_;
}

void MergedWatermark::save(std::string& out) const {
  put_fixed<std::uint8_t>(out, format_version);
  put_time(out, merged_.watermark);
  put_fixed<std::uint8_t>(out, merged_.is_idle ? 1 : 0);
}

Result<void> MergedWatermark::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != format_version) return damaged();
  WatermarkInput merged;
  merged.watermark = take_time(in);
  merged.is_idle = in.fixed<std::uint8_t>() != 0;
  if (!in.is_ok() || !in.at_end()) return damaged();
  merged_ = merged;
  return {};
}

}  // namespace sluice
