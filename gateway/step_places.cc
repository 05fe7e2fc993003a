#include "gateway/step_places.h"

#include <utility>
#include <variant>

namespace sluice {

std::unique_ptr<Step> take_step(StepOrErrors made, const StepPlaces& places,
                                Diagnostics& diagnostics) {
  if (auto* step = std::get_if<std::unique_ptr<Step>>(&made)) return std::move(*step);
  for (const StepError& error : std::get<StepErrors>(made)) {
    const auto place = places.find(error.field);
    const LocatedText nowhere;
    const LocatedText& text = place == places.end() ? nowhere : place->second;
    diagnostics.error(text.position_of(error.offset),
                      text.path().empty() ? error.field : text.path(), error.message);
  }
  return nullptr;
}

}  // namespace sluice
