#include "core/clock.h"

#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <fstream>
#include <limits>

namespace sluice {
namespace {

Duration read_clock(clockid_t id) {
#ifdef SYS_clock_gettime64  // 32-bit systems have it: the time of their C library ends in 2038
  struct {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
  } kernel_time;
  if (syscall(SYS_clock_gettime64, id, &kernel_time) == 0)
    return std::chrono::seconds(kernel_time.seconds) + std::chrono::nanoseconds(kernel_time.nanos);
#endif
  timespec now{};
  clock_gettime(id, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Writes `number` with at least `width` digits.
void append_digits(std::string& out, std::uint64_t number, int width) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto length = static_cast<int>(end - digits.data());
  for (int i = length; i < width; ++i) out.push_back('0');
  out.append(digits.data(), end);
}

// ".25" for 250'000'000 ns: as many decimals as needed.
void append_fraction(std::string& out, std::uint64_t nanos) {
  if (nanos == 0) return;
  std::string digits;
  append_digits(digits, nanos, 9);
  while (digits.back() == '0') digits.pop_back();
  out.push_back('.');
  out += digits;
}

// Takes exactly `width` digits off the front of `text`.
bool take_digits(std::string_view& text, std::size_t width, int& number) {
  if (text.size() < width) return false;
  number = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return true;
}

bool take_char(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

Error bad_timestamp(std::string_view text) {
  return Error{ErrorKind::bad_input,
               "'" + std::string(text) + "' is not an RFC 3339 time such as 2026-11-23T08:00:00Z"};
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::array<Unit, 7> units{{{"d", 86'400 * second_ns},
                                     {"h", 3'600 * second_ns},
                                     {"m", 60 * second_ns},
                                     {"s", second_ns},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

}  // namespace

Timestamp SystemClock::wall() const { return Timestamp(read_clock(CLOCK_REALTIME)); }
Duration SystemClock::monotonic() const { return read_clock(CLOCK_BOOTTIME); }
// The first 16 hexadecimal digits of the kernel's random id of this boot.
std::uint64_t SystemClock::boot_id() const {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(file, text);
  std::erase(text, '-');
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 16), id, 16);
  return id;
}
bool SystemClock::is_synchronised() const {
  timex status{};
  const int state = adjtimex(&status);
  return state >= 0 && state != TIME_ERROR && (status.status & STA_UNSYNC) == 0;
}

void append_timestamp(std::string& out, Timestamp time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  append_digits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out.push_back('-');
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out.push_back('-');
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out.push_back('T');
  append_digits(out, static_cast<std::uint64_t>(clock.hours().count()), 2);
  out.push_back(':');
  append_digits(out, static_cast<std::uint64_t>(clock.minutes().count()), 2);
  out.push_back(':');
  append_digits(out, static_cast<std::uint64_t>(clock.seconds().count()), 2);
  append_fraction(out, static_cast<std::uint64_t>(clock.subseconds().count()));
  out.push_back('Z');
}

std::string format_timestamp(Timestamp time) {
  std::string out;
  append_timestamp(out, time);
  return out;
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  std::string_view rest = text;
  int year_number = 0, month_number = 0, day_number = 0, hour = 0, minute = 0, second = 0;
  if (!take_digits(rest, 4, year_number) || !take_char(rest, '-') ||
      !take_digits(rest, 2, month_number) || !take_char(rest, '-') ||
      !take_digits(rest, 2, day_number) || rest.empty() ||
      (rest.front() != 'T' && rest.front() != 't' && rest.front() != ' ')) {
    return bad_timestamp(text);
  }
  rest.remove_prefix(1);
  if (!take_digits(rest, 2, hour) || !take_char(rest, ':') || !take_digits(rest, 2, minute) ||
      !take_char(rest, ':') || !take_digits(rest, 2, second)) {
    return bad_timestamp(text);
  }
  std::int64_t nanos = 0;
  if (take_char(rest, '.')) {
    std::int64_t scale = second_ns;
    std::size_t digits = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; ++digits) {
      scale /= 10;  // digits beyond the ninth are cut off
      nanos += scale * (rest.front() - '0');
      rest.remove_prefix(1);
    }
    if (digits == 0) return bad_timestamp(text);
  }
  int offset_minutes = 0;
  if (!take_char(rest, 'Z') && !take_char(rest, 'z')) {
    const bool is_west = !rest.empty() && rest.front() == '-';
    int offset_hour = 0, offset_minute = 0;
    if ((!take_char(rest, '+') && !take_char(rest, '-')) || !take_digits(rest, 2, offset_hour) ||
        !take_char(rest, ':') || !take_digits(rest, 2, offset_minute) || offset_hour > 23 ||
        offset_minute > 59) {
      return bad_timestamp(text);
    }
    offset_minutes = (offset_hour * 60 + offset_minute) * (is_west ? -1 : 1);
  }
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  // A leap second (60) is read as the first instant of the next minute.
  if (!rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return bad_timestamp(text);
  }
  const std::int64_t seconds = sys_days(date).time_since_epoch().count() * 86'400LL + hour * 3'600 +
                               minute * 60 + second - offset_minutes * 60;
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() / second_ns;
  if (seconds >= limit || seconds <= -limit) {
    return Error{ErrorKind::bad_input,
                 "'" + std::string(text) + "' lies outside the years 1678 to 2262"};
  }
  return Timestamp(nanoseconds(seconds * second_ns + nanos));
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return Error{
        ErrorKind::bad_input,
        "'" + std::string(text) + "' is not a duration such as \"250ms\", \"10s\" or \"1m30s\""};
  };
  std::string_view rest = text;
  const bool is_negative = take_char(rest, '-');
  if (rest.empty()) return bad();
  if (rest == "0") return Duration{0};
  long double total = 0;
  while (!rest.empty()) {
    double amount = 0;
    const auto [end, status] =
        std::from_chars(rest.data(), rest.data() + rest.size(), amount, std::chars_format::fixed);
    if (status != std::errc{} || amount < 0 || rest.front() == '-') return bad();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::size_t length = 0;
    while (length < rest.size() && rest[length] >= 'a' && rest[length] <= 'z') ++length;
    const std::string_view name = rest.substr(0, length);
    const Unit* unit = nullptr;
    for (const Unit& candidate : units) {
      if (candidate.name == name) unit = &candidate;
    }
    if (unit == nullptr) return bad();
    rest.remove_prefix(length);
    total += static_cast<long double>(amount) * static_cast<long double>(unit->nanos);
    if (total > static_cast<long double>(std::numeric_limits<std::int64_t>::max())) return bad();
  }
  const auto nanos = static_cast<std::int64_t>(total + 0.5L);
  return Duration{is_negative ? -nanos : nanos};
}

std::string format_duration(Duration duration) {
  if (duration.count() == 0) return "0s";
  std::string out = duration.count() < 0 ? "-" : "";
  // Negated as unsigned, so that the most negative duration prints too.
  std::uint64_t rest = duration.count() < 0 ? 0 - static_cast<std::uint64_t>(duration.count())
                                            : static_cast<std::uint64_t>(duration.count());
  for (const Unit& unit : units) {
    const auto size = static_cast<std::uint64_t>(unit.nanos);
    if (rest < size) continue;
    append_digits(out, rest / size, 1);
    out += unit.name;
    rest %= size;
  }
  return out;
}

}  // namespace sluice
