// A moment as people give it to --since and --until.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace sluice {

// "24h": so long before now; else RFC 3339.
//   bad_input  neither
inline Result<Timestamp> read_moment(const std::string& text) {
  if (const auto ago = parse_duration(text)) return SystemClock().wall() - *ago;
  if (const auto time = parse_timestamp(text)) return *time;
  return Error{
      ErrorKind::bad_input,
      "'" + text + "' is neither a span such as 24h nor a time such as 2026-11-23T08:00:00Z"};
}

}  // namespace sluice
