// Alarm: from scores to an alarm that begins once and ends once.
//
//   score       .--.    .-------.   .--.
//   limit ------/----\--/---------\-/----\----------
//   clear -----/------\/-----------'------\---------
//                      |-- lasts -->|      |clear_for->|
//                              begins                ends
//
// Begins with the event that shows the score above the limit for `lasts` of event time, all events
// in between being above it too; ends in the same way once it is not above `clear`. An event that
// is older than others of the same run counts from its own time on, so a time stamp from the future
// holds nothing up. Without events nothing begins and nothing ends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "pipelines/detectors/judgement.h"
#include "pipelines/steps/times.h"

namespace sluice {

struct AlarmRule {
  double limit;
  double clear;
  Duration lasts;
  Duration clear_for;
};

class Alarm {
 public:
  enum class Change : std::uint8_t { none, begins, ends };

  bool is_on() const { return is_on_; }

  Change take(const Judgement& judgement, Timestamp time, const AlarmRule& rule) {
    const bool is_turning = judgement.is_ready &&
                            (is_on_ ? judgement.score <= rule.clear : judgement.score > rule.limit);
    if (!is_turning) {
      is_turning_ = false;
      return Change::none;
    }
    turning_since_ = is_turning_ ? std::min(turning_since_, time) : time;
    is_turning_ = true;
    if (!is_at_least_after(turning_since_, time, is_on_ ? rule.clear_for : rule.lasts)) {
      return Change::none;
    }
    is_turning_ = false;
    is_on_ = !is_on_;
    return is_on_ ? Change::begins : Change::ends;
  }

  void save(std::string& out) const {
    const auto flags = static_cast<std::uint8_t>((is_on_ ? 1 : 0) | (is_turning_ ? 2 : 0));
    put_fixed(out, flags);
    put_signed(out, is_turning_ ? turning_since_.time_since_epoch().count() : 0);
  }
  void load(ByteReader& in) {
    const auto flags = in.fixed<std::uint8_t>();
    if (flags > 3) in.fail();
    is_on_ = (flags & 1) != 0;
    is_turning_ = (flags & 2) != 0;
    turning_since_ = Timestamp(Duration(in.signed_varint()));
  }

 private:
  bool is_on_ = false;
  bool is_turning_ = false;    // the last event was on the other side,
  Timestamp turning_since_{};  // and since this time all were; meaningful while is_turning_
};

}  // namespace sluice
