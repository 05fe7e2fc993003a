#include "pipelines/detectors/seasonal.h"

#include "pipelines/expression/calendar.h"

namespace sluice {
namespace {

constexpr std::uint32_t most_seasons = 1000;
constexpr std::int64_t hour_seconds = 3600;

std::int64_t whole_units(std::int64_t number, std::int64_t divisor) {
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

}  // namespace

void Seasonal::Memory::save(std::string& out) const {
  put_signed(out, hour);
  current.save(out);
  put_varint(out, slots.size());
  for (const Slot& slot : slots) {
    put_varint(out, slot.seasons);
    if (slot.seasons == 0) continue;
    put_signed(out, slot.last_day);
    slot.moments.save(out);
  }
}

void Seasonal::Memory::load(ByteReader& in) {
  hour = in.signed_varint();
  current.load(in);
  const std::size_t count = in.count();
  if (count > most_slots) in.fail();
  if (!in.is_ok()) return;
  slots.resize(count);
  for (Slot& slot : slots) {
    slot.seasons = static_cast<std::uint32_t>(in.varint());
    if (slot.seasons == 0) continue;
    slot.last_day = static_cast<std::int32_t>(in.signed_varint());
    slot.moments.load(in);
  }
}

Seasonal::Seasonal(const SeasonalConfig& config) : config_(config) {}

void Seasonal::check(const SeasonalConfig& config, StepErrors& errors) {
  (config.is_robust ? check_robust_limits : check_limits)(config.limits, errors);
  if (!cel::zone_offset(config.time_zone, 0)) {
    errors.push_back(
        {"time_zone", 0,
         "there is no time zone '" + config.time_zone + "'; write for example \"Europe/Berlin\""});
  }
  if (config.memory < 2) errors.push_back({"memory", 0, "needs at least 2 seasons"});
  if (config.warm_up < 1 || config.warm_up > most_seasons) {
    errors.push_back({"warm_up", 0, "needs 1 to 1000 seasons"});
  }
  check_not_negative("min_spread", config.min_spread, errors);
}

std::int64_t Seasonal::hour_at(Timestamp time) const {
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  // The zone was there at the start; were its data gone since, its hours would be those of UTC.
  return whole_units(seconds + cel::zone_offset(config_.time_zone, seconds).value_or(0),
                     hour_seconds);
}

std::size_t Seasonal::slot_of(std::int64_t hour) const {
  const auto slots = static_cast<std::int64_t>(this->slots());
  return static_cast<std::size_t>(hour - whole_units(hour, slots) * slots);
}

Judgement Seasonal::judge(const Memory& memory, double value, Timestamp time) const {
  if (memory.slots.empty()) return {};
  const Slot& slot = memory.slots[slot_of(hour_at(time))];
  if (slot.seasons < config_.warm_up) return {};
  return judge_by_spread(value, slot.moments.mean,
                         std::max(slot.moments.spread(), config_.min_spread), config_.limits.begin);
}

void Seasonal::learn(Memory& memory, double value, Timestamp time,
                     const Judgement& judgement) const {
  const std::int64_t hour = hour_at(time);
  if (hour != memory.hour && memory.current.count() > 0.0) join(memory);
  memory.hour = hour;
  memory.current.add(config_.is_robust ? usual_value(value, judgement) : value);
}

void Seasonal::join(Memory& memory) const {
  if (memory.slots.empty()) memory.slots.resize(slots());
  Slot& slot = memory.slots[slot_of(memory.hour)];
  const auto day = static_cast<std::int32_t>(whole_units(memory.hour, 24));
  // Events out of order may join an hour in several parts.
  if (slot.seasons == 0 || slot.last_day != day) {
    slot.moments.fade(1.0 - 1.0 / static_cast<double>(config_.memory));
    slot.seasons = std::min(slot.seasons + 1, most_seasons);
    slot.last_day = day;
  }
  slot.moments.merge(memory.current);
  memory.current = {};
}

}  // namespace sluice
