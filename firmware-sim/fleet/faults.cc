#include "firmware-sim/fleet/faults.h"

#include <cmath>

#include "firmware-sim/common/draw.h"

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

double milliseconds_of(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

template <typename Spec>
auto describe_episode(Fields<Spec>& fields) {
  return fields.required("every", &Spec::every, "On average one begins in this time.")
      .at_least(1ms)
      .required("lasts", &Spec::lasts, "On average it lasts this long.")
      .at_least(1ms);
}

}  // namespace

void describe(Fields<EpisodeSpec>& fields) { describe_episode(fields); }

void describe(Fields<BrownOutSpec>& fields) {
  describe_episode(fields)
      .optional("keeps_ring", &BrownOutSpec::keeps_ring,
                "Share of them after which the readings in the ring are still there.")
      .between(0, 1);
}

void describe(Fields<StuckSpec>& fields) {
  describe_episode(fields).optional(
      "at", &StuckSpec::at,
      "All channels say one of these values; without: the last good reading.");
}

void describe(Fields<DriftingSpec>& fields) {
  describe_episode(fields).required("per_hour", &DriftingSpec::per_hour,
                                    "The error grows by this in an hour.");
}

void describe(Fields<FloodSpec>& fields) {
  describe_episode(fields)
      .optional("factor", &FloodSpec::factor, "So many times the readings.")
      .between(1, 10'000);
}

void describe(Fields<FaultsSpec>& fields) {
  fields.optional("loss", &FaultsSpec::loss, "CoAP: share of datagrams that are lost, each way.")
      .between(0, 1)
      .optional("duplicates", &FaultsSpec::duplicates, "Share of messages that are sent twice.")
      .between(0, 1)
      .optional("reorder", &FaultsSpec::reorder, "CoAP: share of datagrams that come later.")
      .between(0, 1)
      .optional("reorder_by", &FaultsSpec::reorder_by, "Up to this much later.")
      .between(1ms, 1h)
      .optional("cut", &FaultsSpec::cut,
                "MQTT: share of messages after which the connection breaks, unanswered.")
      .between(0, 1)
      .optional("malformed", &FaultsSpec::malformed,
                "Share of messages whose payload does not decode.")
      .between(0, 1)
      .optional("clock_skew", &FaultsSpec::clock_skew,
                "Each device's clock is off by up to this, either way.")
      .at_least(0s)
      .optional("clock_drift_ppm", &FaultsSpec::clock_drift_ppm,
                "Each device's clock is too fast or slow by up to so many millionths.")
      .between(0, 100'000)
      .optional("offline", &FaultsSpec::offline, "No network; the device stores and forwards.")
      .optional("brown_out", &FaultsSpec::brown_out, "No power, then a reboot.")
      .optional("stuck", &FaultsSpec::stuck, "The sensor says the same again and again.")
      .optional("drifting", &FaultsSpec::drifting, "The sensor is more and more wrong.")
      .optional("flood", &FaultsSpec::flood, "The device measures far too often.");
}

Episodes::Episodes(const EpisodeSpec& spec, std::uint64_t seed, std::string_view purpose,
                   std::uint32_t device)
    : every_ms_(milliseconds_of(spec.every)),
      lasts_ms_(milliseconds_of(spec.lasts)),
      device_(device) {
  seed_ = seed;
  for (const char c : purpose) seed_ = mix(seed_ ^ static_cast<unsigned char>(c));
  next_change_ms_ = -every_ms_ * std::log1p(-draw(seed_, "pause", device_, 0));
}

bool Episodes::advance(double now_ms) {
  if (next_change_ms_ > now_ms) return false;
  is_on_ = !is_on_;
  if (is_on_) {
    ++number_;
    began_ms_ = next_change_ms_;
    next_change_ms_ += lasts_ms_ * (0.5 + draw(seed_, "length", device_, number_));
  } else {
    next_change_ms_ -= every_ms_ * std::log1p(-draw(seed_, "pause", device_, number_));
  }
  return true;
}

}  // namespace sluice::sim
