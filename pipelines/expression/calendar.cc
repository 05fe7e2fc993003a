#include "pipelines/expression/calendar.h"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include "pipelines/expression/time_zone.h"

namespace sluice::cel {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr std::int64_t longest_duration = 315'576'000'000;

// Carries nanoseconds over into seconds, so that they lie in [0, 1e9).
bool normalise(std::int64_t& seconds, std::int64_t& nanos) {
  std::int64_t carry = nanos / second_ns;
  nanos %= second_ns;
  if (nanos < 0) {
    nanos += second_ns;
    --carry;
  }
  return !__builtin_add_overflow(seconds, carry, &seconds);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool is_done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char wanted) {
    if (peek() != wanted || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `width` digits.
  std::optional<int> digits(std::size_t width) {
    if (rest_.size() < width) return std::nullopt;
    int number = 0;
    for (const char c : rest_.substr(0, width)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    rest_.remove_prefix(width);
    return number;
  }
  std::string_view all_digits() {
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] >= '0' && rest_[size] <= '9') ++size;
    const std::string_view digits = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return digits;
  }
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

 private:
  std::string_view rest_;
};

// ".25" -> 250,000,000; nothing when there is a point without digits, or more than nine.
std::optional<std::int64_t> read_fraction(Reader& reader) {
  if (!reader.take('.')) return 0;
  const std::string_view digits = reader.all_digits();
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  std::int64_t nanos = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    nanos = nanos * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return nanos;
}

// "+02:00", and with `is_bare` also "02:00".
std::optional<std::int64_t> read_offset(Reader& reader, bool is_bare) {
  const bool is_west = reader.take('-');
  if (!is_west && !reader.take('+') && !is_bare) return std::nullopt;
  const auto hours = reader.digits(2);
  if (!hours || *hours > 23 || !reader.take(':')) return std::nullopt;
  const auto minutes = reader.digits(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t offset = (*hours * 60 + *minutes) * 60;
  return is_west ? -offset : offset;
}

void append_padded(std::string& out, std::int64_t number, std::size_t width) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - text.data());
  if (size < width) out.append(width - size, '0');
  out.append(text.data(), end);
}

void append_fraction(std::string& out, std::int64_t nanos) {
  if (nanos == 0) return;
  out.push_back('.');
  append_padded(out, nanos, 9);
  while (out.back() == '0') out.pop_back();
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
// "ms" before "m".
constexpr std::array<Unit, 7> units{{{"h", 3600 * second_ns},
                                     {"ms", 1'000'000},
                                     {"m", 60 * second_ns},
                                     {"s", second_ns},
                                     {"us", 1'000},
                                     {"\u00b5s", 1'000},
                                     {"ns", 1}}};

const Unit* read_unit(Reader& reader) {
  for (const Unit& unit : units) {
    if (reader.take_word(unit.name)) return &unit;
  }
  return nullptr;
}

// Adds `whole`.`fraction` units. What is left below a nanosecond is cut off.
bool add_amount(std::string_view whole, std::string_view fraction, const Unit& unit,
                std::int64_t& seconds, std::int64_t& nanos) {
  std::uint64_t count = 0;
  const auto status = std::from_chars(whole.data(), whole.data() + whole.size(), count).ec;
  if (!whole.empty() && status != std::errc{}) return false;
  // No unit is shorter than a nanosecond, none of the long ones may exceed the whole range.
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr auto most_seconds = static_cast<std::uint64_t>(longest_duration);
  if (count > (unit.nanos >= second_ns ? most_seconds : most)) return false;
  const auto amount = static_cast<std::int64_t>(count);
  if (unit.nanos >= second_ns) {
    seconds += amount * (unit.nanos / second_ns);
  } else {
    const std::int64_t per_second = second_ns / unit.nanos;
    seconds += amount / per_second;
    nanos += amount % per_second * unit.nanos;
  }
  // The fraction in billionths of a unit: an hour has 3.6e12 of them, well within 64 bits.
  std::int64_t part = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    part = part * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  nanos +=
      unit.nanos >= second_ns ? part * (unit.nanos / second_ns) : part * unit.nanos / second_ns;
  return normalise(seconds, nanos) && seconds <= longest_duration;
}

}  // namespace

std::optional<Value> make_timestamp(std::int64_t seconds, std::int64_t nanos) {
  if (!normalise(seconds, nanos) || seconds < first_second || seconds > last_second) {
    return std::nullopt;
  }
  return Value::timestamp(seconds, static_cast<std::uint32_t>(nanos));
}

std::optional<Value> make_duration(std::int64_t seconds, std::int64_t nanos) {
  if (!normalise(seconds, nanos) || seconds < -longest_duration || seconds > longest_duration) {
    return std::nullopt;
  }
  return Value::duration(seconds, static_cast<std::uint32_t>(nanos));
}

std::optional<Value> parse_timestamp_value(std::string_view text) {
  using namespace std::chrono;
  Reader reader(text);
  const auto year_number = reader.digits(4);
  if (!year_number || !reader.take('-')) return std::nullopt;
  const auto month_number = reader.digits(2);
  if (!month_number || !reader.take('-')) return std::nullopt;
  const auto day_number = reader.digits(2);
  if (!day_number || (!reader.take('T') && !reader.take('t'))) return std::nullopt;
  const auto hours = reader.digits(2);
  if (!hours || *hours > 23 || !reader.take(':')) return std::nullopt;
  const auto minutes = reader.digits(2);
  if (!minutes || *minutes > 59 || !reader.take(':')) return std::nullopt;
  const auto whole_seconds = reader.digits(2);
  if (!whole_seconds || *whole_seconds > 59) return std::nullopt;
  const auto nanos = read_fraction(reader);
  if (!nanos) return std::nullopt;
  std::int64_t offset = 0;
  if (!reader.take('Z') && !reader.take('z')) {
    const auto read = read_offset(reader, false);
    if (!read) return std::nullopt;
    offset = *read;
  }
  const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                            day(static_cast<unsigned>(*day_number))};
  if (!date.ok() || !reader.is_done()) return std::nullopt;
  const std::int64_t days_since = sys_days(date).time_since_epoch().count();
  const std::int64_t seconds_of_day = (*hours * 60 + *minutes) * 60 + *whole_seconds;
  return make_timestamp(days_since * day_s + seconds_of_day - offset, *nanos);
}

std::string timestamp_text(const Value& timestamp) {
  const CalendarTime time = calendar_time(timestamp.seconds());
  std::string text;
  append_padded(text, time.year, 4);
  text.push_back('-');
  append_padded(text, time.month + 1, 2);
  text.push_back('-');
  append_padded(text, time.day, 2);
  text.push_back('T');
  append_padded(text, time.hour, 2);
  text.push_back(':');
  append_padded(text, time.minute, 2);
  text.push_back(':');
  append_padded(text, time.second, 2);
  append_fraction(text, timestamp.nanos());
  text.push_back('Z');
  return text;
}

std::optional<Value> parse_duration_value(std::string_view text) {
  Reader reader(text);
  const bool is_negative = reader.take('-');
  if (!is_negative) reader.take('+');
  if (reader.is_done()) return std::nullopt;
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  while (!reader.is_done()) {
    const std::string_view whole = reader.all_digits();
    std::string_view fraction;
    if (reader.take('.')) fraction = reader.all_digits();
    if (whole.empty() && fraction.empty()) return std::nullopt;
    const bool is_zero = whole == "0" && fraction.empty();
    if (is_zero && reader.is_done() && seconds == 0 && nanos == 0) break;  // "0" needs no unit
    const Unit* unit = read_unit(reader);
    if (unit == nullptr || !add_amount(whole, fraction, *unit, seconds, nanos)) return std::nullopt;
  }
  return is_negative ? make_duration(-seconds, -nanos) : make_duration(seconds, nanos);
}

std::string duration_text(const Value& duration) {
  std::int64_t seconds = duration.seconds();
  std::int64_t nanos = duration.nanos();
  std::string text;
  if (seconds < 0) {  // kept rounded down: -1.5 s is -2 s + 0.5 s
    text.push_back('-');
    seconds = -seconds;
    if (nanos != 0) {
      --seconds;
      nanos = second_ns - nanos;
    }
  }
  append_padded(text, seconds, 1);
  append_fraction(text, nanos);
  text.push_back('s');
  return text;
}

std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds) {
  if (zone == "UTC" || zone == "Z" || zone.empty()) return 0;
  Reader reader(zone);
  const auto fixed = read_offset(reader, true);
  if (fixed && reader.is_done()) return fixed;
  return named_zone_offset(zone, seconds);
}

CalendarTime calendar_time(std::int64_t local_seconds) {
  using namespace std::chrono;
  const auto day = floor<days>(sys_seconds(seconds(local_seconds)));
  const year_month_day date(day);
  const hh_mm_ss clock(sys_seconds(seconds(local_seconds)) - day);
  const sys_days new_year = date.year() / January / 1;
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()) - 1,
          .day_of_year = (day - new_year).count(),
          .day = static_cast<unsigned>(date.day()),
          .day_of_week = static_cast<std::int64_t>(weekday(day).c_encoding()),
          .hour = clock.hours().count(),
          .minute = clock.minutes().count(),
          .second = clock.seconds().count()};
}

}  // namespace sluice::cel
