#include "pipelines/windows/span.h"

#include "pipelines/saturate.h"

namespace sluice {
namespace {

Duration floor_modulo(Duration value, Duration divisor) {
  const Duration rest = value % divisor;
  return rest < Duration{0} ? rest + divisor : rest;
}

}  // namespace

Span tumbling_span(Timestamp time, Duration size, Duration offset) {
  // Both terms lie in [0, size), so that nothing overflows whatever the time is.
  const Duration into_window =
      floor_modulo(floor_modulo(time.time_since_epoch(), size) - floor_modulo(offset, size), size);
  return {subtract_saturated(time, into_window), add_saturated(time, size - into_window)};
}

}  // namespace sluice
