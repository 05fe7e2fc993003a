#include "firmware-sim/upstream/behaviour.h"

#include <simdjson.h>

#include <array>
#include <string>

namespace sluice::sim {
namespace {

constexpr std::array all_modes = {Behaviour::Mode::accept, Behaviour::Mode::refuse,
                                  Behaviour::Mode::down, Behaviour::Mode::cut};

Result<void> apply_mode(std::string_view name, Behaviour& behaviour) {
  for (const Behaviour::Mode mode : all_modes) {
    if (name != name_of(mode)) continue;
    behaviour.mode = mode;
    return {};
  }
  return Error{ErrorKind::bad_input, "mode is accept, refuse, down or cut"};
}

}  // namespace

std::string_view name_of(Behaviour::Mode mode) {
  switch (mode) {
    case Behaviour::Mode::refuse:
      return "refuse";
    case Behaviour::Mode::down:
      return "down";
    case Behaviour::Mode::cut:
      return "cut";
    case Behaviour::Mode::accept:
      break;
  }
  return "accept";
}

Result<void> apply_control(std::string_view json, Behaviour& behaviour) {
  simdjson::dom::parser parser;
  simdjson::dom::object members;
  if (parser.parse(json.data(), json.size()).get(members) != simdjson::SUCCESS) {
    return Error{ErrorKind::bad_input, "a control text is a JSON object"};
  }
  Behaviour changed = behaviour;
  for (const auto& [key, value] : members) {
    std::string_view text;
    std::int64_t whole = 0;
    double number = 0;
    if (key == "mode" && value.get(text) == simdjson::SUCCESS) {
      TRY(apply_mode(text, changed));
    } else if (key == "status" && value.get(whole) == simdjson::SUCCESS && whole >= 300 &&
               whole <= 599) {
      changed.status = static_cast<int>(whole);
    } else if (key == "for_ms" && value.get(whole) == simdjson::SUCCESS && whole >= 0) {
      changed.lasts = std::chrono::milliseconds(whole);
    } else if (key == "delay_ms" && value.get(whole) == simdjson::SUCCESS && whole >= 0) {
      changed.delay = std::chrono::milliseconds(whole);
    } else if (key == "slow_ms" && value.get(whole) == simdjson::SUCCESS && whole >= 0) {
      changed.slow = std::chrono::milliseconds(whole);
    } else if (key == "room" && value.is_null()) {
      changed.room.reset();
    } else if (key == "room" && value.get(whole) == simdjson::SUCCESS && whole >= 0) {
      changed.room = static_cast<std::uint64_t>(whole);
    } else if (key == "fail_rate" && value.get(number) == simdjson::SUCCESS && number >= 0 &&
               number <= 1) {
      changed.fail_rate = number;
    } else {
      return Error{ErrorKind::bad_input, "'" + std::string(key) + "' is unknown, or its value is"};
    }
  }
  behaviour = changed;
  return {};
}

}  // namespace sluice::sim
