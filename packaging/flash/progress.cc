#include "packaging/flash/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "packaging/flash/units.h"

namespace sluice {
namespace {
constexpr auto draw_interval = std::chrono::milliseconds(200);
constexpr std::size_t bar_width = 30;
}  // namespace

Progress::Progress(std::string what, std::uint64_t total_bytes)
    : what_(std::move(what)),
      total_(std::max<std::uint64_t>(total_bytes, 1)),
      is_terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_ != Clock::time_point{}) std::fputs("\r\x1b[K", stderr);
}

void Progress::add(std::uint64_t bytes) {
  done_ += bytes;
  const Clock::time_point now = Clock::now();
  if (!is_terminal_ || now - drawn_ < draw_interval) return;
  drawn_ = now;
  std::fputs(line().c_str(), stderr);
}

std::chrono::duration<double> Progress::spent() const { return Clock::now() - began_; }

std::string Progress::summary() const {
  return bytes_text(done_) + " in " + seconds_text(spent()) + ", " + rate_text(done_, spent());
}

std::string Progress::line() const {
  const double share = static_cast<double>(done_) / static_cast<double>(total_);
  const auto filled = static_cast<std::size_t>(std::min(share, 1.0) * bar_width);
  std::string text =
      "\r" + what_ + " [" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " +
      std::to_string(static_cast<int>(share * 100)) + " %, " + rate_text(done_, spent());
  if (share > 0) text += ", " + seconds_text(spent() * (1 - share) / share) + " left";
  return text + "\x1b[K";
}

}  // namespace sluice
