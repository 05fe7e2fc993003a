// Judgement: what a detector says of one sample, before anybody decides whether that is an alarm.
//
//   sample --judge()--> score, usual values [low, high], reason --> Alarm (alarm.h)
//          '-learn()--> the key's memory
//
// A detector is constant after construction and keeps nothing: what it knows of a key is in a
// Memory that the step holds, saves and bounds. judge() comes first, so that a sample is never
// compared with itself. Results see only + - * / and sqrt on doubles, so they are the same bytes on
// every machine.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/clock.h"
#include "pipelines/step_error.h"

namespace sluice {

struct Judgement {
  bool is_ready = false;  // false: what is usual is still being learnt; the rest has no meaning
  double score = 0.0;     // how unusual, in the detector's own unit
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::string_view reason;  // a constant: on which side the value would be unusual
};

template <typename D>
concept Detector =
    requires(const D& detector, const typename D::Memory& memory, typename D::Memory& changed,
             std::string& out, ByteReader& in, const Judgement& judgement) {
      { detector.judge(memory, 1.0, Timestamp{}) } -> std::same_as<Judgement>;
      detector.learn(changed, 1.0, Timestamp{}, judgement);
      { detector.limit() } -> std::same_as<double>;  // an alarm begins with a score above this
      { detector.clear() } -> std::same_as<double>;  // and ends with one that is not above this
      { D::name } -> std::convertible_to<std::string_view>;
      memory.save(out);
      changed.load(in);
      { memory.heap_bytes() } -> std::same_as<std::size_t>;
      { D::Memory::max_heap_bytes } -> std::convertible_to<std::size_t>;
    };

// The scores at which an alarm begins and ends.
struct Limits {
  double begin;
  std::optional<double> clear{};  // without it the same; not above `begin`

  double end() const { return clear.value_or(begin); }
};

inline constexpr double highest_score = 1e6;
// Squares and sums of samples of this size stay finite.
inline constexpr double largest_sample = 1e100;

// `distance` in units of `spread`, neither negative, at most highest_score. When nothing was ever
// different, any difference is as unusual as can be.
inline double in_spreads(double distance, double spread) {
  if (distance <= 0.0) return 0.0;
  if (distance >= spread * highest_score) return highest_score;
  return distance / spread;
}

// Judges by the distance from the mean, for detectors that know a mean and a spread.
inline Judgement judge_by_spread(double value, double mean, double spread, double limit) {
  const double distance = value > mean ? value - mean : mean - value;
  return {.is_ready = true,
          .score = in_spreads(distance, spread),
          .low = mean - limit * spread,
          .high = mean + limit * spread,
          .reason = value < mean ? "low" : "high"};
}

// What a robust detector learns in place of the value: the nearest one that was usual (this is
// called winsorising). Where nothing was ever different, it has to learn what is.
inline double usual_value(double value, const Judgement& judgement) {
  if (!judgement.is_ready || !(judgement.low < judgement.high)) return value;
  return std::clamp(value, judgement.low, judgement.high);
}

// Fields named in errors: "limit", "clear".
void check_limits(const Limits& limits, StepErrors& errors);
// The same for a detector that learns usual_value(): with a low limit that would cut off so much
// that the spread shrinks and shrinks.
void check_robust_limits(const Limits& limits, StepErrors& errors);
// `field` is a number that is not negative.
void check_not_negative(std::string_view field, double number, StepErrors& errors);

}  // namespace sluice
