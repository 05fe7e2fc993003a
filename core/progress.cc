#include "core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/span_text.h"

namespace sluice {
namespace {
constexpr auto draw_interval = std::chrono::milliseconds(100);
constexpr std::size_t bar_width = 30;
}  // namespace

Progress::Progress(std::string what)
    : what_(std::move(what)),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      began_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (has_drawn_) std::fputs("\r\x1b[K", stderr);
  has_drawn_ = false;
}

bool Progress::is_due() {
  if (!is_terminal_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (has_drawn_ && now - drawn_ < draw_interval) return false;
  drawn_ = now;
  return true;
}

void Progress::draw(const std::string& text) {
  has_drawn_ = true;
  std::fputs(("\r" + what_ + " " + text + "\x1b[K").c_str(), stderr);
}

void Progress::show(double share, const std::string& detail) {
  if (!is_due()) return;
  share = std::clamp(share, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(share * bar_width);
  std::string text = "[" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " +
                     std::to_string(static_cast<int>(share * 100)) + " %";
  const std::chrono::duration<double> spent = drawn_ - began_;
  if (share > 0.02 && spent.count() > 1) {
    const auto left = std::chrono::duration<double>(spent.count() * (1 - share) / share);
    text += ", " + span_text(std::chrono::duration_cast<Duration>(left)) + " left";
  }
  draw(detail.empty() ? text : text + "  " + detail);
}

void Progress::show_count(const std::string& text) {
  if (is_due()) draw(text);
}

}  // namespace sluice
