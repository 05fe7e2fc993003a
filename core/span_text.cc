#include "core/span_text.h"

#include <algorithm>

namespace sluice {

std::string span_text(Duration span) {
  using std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  span = std::max(span, Duration{0});
  if (span < minutes(2)) return std::to_string(span / seconds(1)) + " s";
  if (span < hours(2)) return std::to_string(span / minutes(1)) + " min";
  if (span < hours(48)) return std::to_string(span / hours(1)) + " h";
  return std::to_string(span / hours(24)) + " d";
}

}  // namespace sluice
