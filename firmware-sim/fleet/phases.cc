#include "firmware-sim/fleet/phases.h"

#include <algorithm>

#include "core/result.h"

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

}  // namespace

void describe(Fields<PhaseSpec>& fields) {
  fields.required("name", &PhaseSpec::name, "Shown while it lasts.")
      .not_empty()
      .required("lasts", &PhaseSpec::lasts, "How long.")
      .at_least(1ms)
      .optional("rate", &PhaseSpec::rate, "So many times the readings.")
      .between(0.001, 10'000)
      .optional("ramp", &PhaseSpec::ramp,
                "The devices are switched on one after the other; the first phase only.")
      .optional("offline", &PhaseSpec::offline, "Share of the devices that have no network.")
      .between(0, 1);
}

Phases::Phases(const std::vector<PhaseSpec>& specs) : specs_(specs) {
  CHECK(!specs_.empty());
  double end = 0;
  for (const PhaseSpec& spec : specs_) {
    end += std::chrono::duration<double, std::milli>(spec.lasts).count();
    ends_ms_.push_back(end);
  }
}

std::size_t Phases::at(double now_ms) const {
  const auto next = std::upper_bound(ends_ms_.begin(), ends_ms_.end(), now_ms);
  const auto index = static_cast<std::size_t>(next - ends_ms_.begin());
  return std::min(index, specs_.size() - 1);
}

double Phases::switch_on_ms(double draw) const {
  const double first = ends_ms_.front();
  return draw * (specs_.front().ramp ? first : std::min(start_within_ms, first));
}

}  // namespace sluice::sim
