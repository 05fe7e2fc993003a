#include "firmware-sim/common/live_line.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace sluice::sim {

LiveLine::LiveLine(bool shown, std::string file)
    : file_(std::move(file)), is_drawing_(shown && isatty(STDERR_FILENO) == 1) {}

LiveLine::~LiveLine() {
  if (has_drawn_) std::fputc('\n', stderr);
}

void LiveLine::update(std::string_view text) {
  if (is_drawing_) {
    // The text first, then erase what is left of the old line: nothing blinks.
    std::fprintf(stderr, "\r%.*s\033[K", static_cast<int>(text.size()), text.data());
    std::fflush(stderr);
    has_drawn_ = true;
  }
  if (file_.empty()) return;
  const std::string unfinished = file_ + ".new";
  std::ofstream(unfinished) << text << '\n';
  std::rename(unfinished.c_str(), file_.c_str());
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string fixed(double number, int decimals) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 std::chars_format::fixed, decimals);
  return end.ec == std::errc() ? std::string(text.data(), end.ptr) : std::string("-");
}

std::int64_t wall_ms() {
  using std::chrono::milliseconds;
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(since_1970).count();
}

}  // namespace sluice::sim
