#include "gateway/event_lines.h"

#include <absl/strings/escaping.h>

#include <array>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

Error bad(std::string_view attribute, std::string_view why) {
  return Error{ErrorKind::bad_input,
               "CloudEvents attribute '" + std::string(attribute) + "' " + std::string(why)};
}

constexpr std::array<std::pair<std::string_view, std::string_view Event::*>, 6> text_attributes{{
    {"id", &Event::id},
    {"source", &Event::source},
    {"type", &Event::type},
    {"subject", &Event::subject},
    {"datacontenttype", &Event::datacontenttype},
    {"dataschema", &Event::dataschema},
}};

// One member of the object goes to its place in the event.
Result<void> take_member(std::string_view name, const Value& value, Arena& arena, Event& event,
                         std::vector<Attribute>& extensions) {
  if (name == "specversion") return {};
  if (name == "data") {
    event.data = value;
    return {};
  }
  for (const auto& [attribute, member] : text_attributes) {
    if (name != attribute) continue;
    if (value.kind() != Kind::string) return bad(name, "is not a text");
    event.*member = value.as_text();
    return {};
  }
  if (name == "time") {
    const auto time = value.kind() == Kind::string ? parse_timestamp(value.as_text())
                                                   : Result<Timestamp>(bad(name, "is not a text"));
    if (!time) return bad(name, "is not a time such as 2026-01-31T08:00:00Z");
    event.time = *time;
    return {};
  }
  if (name == "data_base64") {
    std::string bytes;
    const std::string_view text = value.kind() == Kind::string ? value.as_text() : "?";
    if (!absl::Base64Unescape({text.data(), text.size()}, &bytes))
      return bad(name, "is not base64");
    event.data = Value::bytes(arena.copy(bytes));
    return {};
  }
  extensions.push_back({name, value});
  return {};
}

}  // namespace

Result<Event> event_from_cloudevent(const Value& object, Arena& arena) {
  Event event;
  std::vector<Attribute> extensions;
  for (const MapEntry& entry : object.as_map())
    TRY(take_member(entry.key.as_text(), entry.value, arena, event, extensions));
  event.extensions = arena.copy(std::span<const Attribute>(extensions));
  return event;
}

Result<Event> read_event_line(std::string_view line, Arena& arena) {
  const Value root = TRY(parse_json(line, arena));
  Event event;
  if (root.kind() == Kind::map && root.find("specversion") != nullptr) {
    event = TRY(event_from_cloudevent(root, arena));
  } else {
    event.data = root;
  }
  event.payload = line;
  event.has_payload = true;
  return event;
}

}  // namespace sluice
