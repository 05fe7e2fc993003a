// Seasonal: how many standard deviations a value is away from the mean of the same hour of earlier
// days, or of earlier weeks.
//
//   method = "seasonal", season = "day", time_zone = "Europe/Berlin", limit = 4.0
//
//   hour of day   0    1    2   ...   23
//               [slot|slot|slot|...|slot]   <--- the samples of an hour join its slot when another
//                                                hour begins; what was there then fades
//
// An hour is compared only with earlier ones, never with itself, so one that is wrong from its
// start is seen. `memory` is how many seasons count: with each new one, what is in the slot keeps a
// share of 1 - 1/memory of its weight. The clocks of the time zone decide the hour; where they go
// back, an hour joins its slot twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/detectors/judgement.h"
#include "pipelines/detectors/moments.h"

namespace sluice {

enum class Season : std::uint8_t { day, week };

class Seasonal;

struct SeasonalConfig {
  using Method = Seasonal;
  Limits limits{4.0, {}};
  Season season = Season::day;
  std::string time_zone;      // empty: UTC
  std::uint32_t memory = 14;  // seasons; 2 or more
  std::uint32_t warm_up = 3;  // seasons that know the hour before the first verdict; 1 to 1000
  bool is_robust = true;      // an unusual value moves the mean only as far as a usual one can
  double min_spread = 0.0;    // the deviation is taken as at least this
};

class Seasonal {
 public:
  static constexpr std::string_view name = "seasonal";
  static constexpr std::size_t most_slots = 7 * 24;

  struct Slot {
    Moments moments;
    std::int32_t last_day = 0;  // on which it was last joined, since 1970
    std::uint32_t seasons = 0;  // in which it was joined, up to 1000
  };
  struct Memory {
    std::vector<Slot> slots;  // none before the first hour is over
    std::int64_t hour = 0;    // the one that is going on, since 1970 by the zone's clocks
    Moments current;          // of it

    void save(std::string& out) const;
    void load(ByteReader& in);
    static constexpr std::size_t max_heap_bytes = most_slots * sizeof(Slot);
    std::size_t heap_bytes() const { return slots.capacity() * sizeof(Slot); }
  };

  explicit Seasonal(const SeasonalConfig& config);
  // Fields named in errors: "limit", "clear", "time_zone", "memory", "warm_up", "min_spread".
  static void check(const SeasonalConfig& config, StepErrors& errors);

  double limit() const { return config_.limits.begin; }
  double clear() const { return config_.limits.end(); }
  Judgement judge(const Memory& memory, double value, Timestamp time) const;
  void learn(Memory& memory, double value, Timestamp time, const Judgement& judgement) const;

 private:
  // Since 1970, by the clocks of the zone.
  std::int64_t hour_at(Timestamp time) const;
  std::size_t slot_of(std::int64_t hour) const;
  std::size_t slots() const { return config_.season == Season::day ? 24 : most_slots; }
  void join(Memory& memory) const;

  const SeasonalConfig config_;
};

}  // namespace sluice
